"""The process of one program: confine it, define it, test it, report, leave.

Everything here runs after the fork and shares its process with the program, so nothing it says is
proof: see `rewards.sandbox.sandbox` for what that means.
"""

import gc
import json
import math
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from rewards.sandbox import processes
from rewards.sandbox.tester import Outcome, Statement, describe, one_line, run_tests
from rewards.sandbox.verdict import Verdict

_REPORT = 3
"""The descriptor that the report leaves through: the first after the standard three."""

_MAX_DESCRIPTORS = 64
_ROOM_TO_REPORT = 64 << 20
"""Bytes granted after the program has ended, so that one that ate its memory can say so."""


@dataclass(frozen=True)
class Task:
    """What the child of a fork has to do."""

    program: str
    statements: tuple[Statement, ...]
    entry_points: Sequence[str]
    timeout_s: float
    memory_bytes: int


def main(task: Task, report: int) -> NoReturn:
    """Do one task in this freshly forked process, write the outcome to `report`, and end."""
    try:
        outcome = _outcome(task, report)
        resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)
        fields = [outcome.verdict, outcome.detail, outcome.passed_tests]
        os.write(_REPORT, json.dumps(fields).encode("ascii"))
    finally:
        # Not sys.exit: neither the server's cleanup nor the program's may run in this process.
        os._exit(0)


def _outcome(task: Task, report: int) -> Outcome:
    try:
        _confine(task, report)
    except (OSError, ValueError) as error:
        return Outcome(Verdict.INFRA_ERROR, one_line(f"cannot confine: {describe(error)}"), 0)
    try:
        return _judge(task)
    except MemoryError:
        return Outcome(Verdict.OUT_OF_MEMORY, "MemoryError in the program", 0)


def _confine(task: Task, report: int) -> None:
    os.setsid()  # one process group per program, so that one signal ends all of it
    processes.end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(report, _REPORT)
    os.dup2(1, 2)
    os.closerange(_REPORT + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    _limit(resource.RLIMIT_AS, task.memory_bytes, task.memory_bytes + _ROOM_TO_REPORT)
    # The server stops a loop by the clock. This ends it if the server cannot, and is loose, since
    # Linux counts it in ticks that may be off by a fifth.
    cpu_s = math.ceil(2 * task.timeout_s)
    _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    _limit(resource.RLIMIT_FSIZE, 0, 0)
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS, _MAX_DESCRIPTORS)
    gc.enable()


def _limit(kind: int, soft: int, hard: int) -> None:
    """Lower a limit, and never try to raise one that the host has set lower."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def _judge(task: Task) -> Outcome:
    namespace: dict[str, Any] = {"__name__": "solution"}
    try:
        code = compile(task.program, "<solution>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        # The last two are the parser's words for what is nested too deeply.
        return Outcome(Verdict.SYNTAX_ERROR, one_line(describe(error)), 0)
    try:
        exec(code, namespace)  # noqa: S102 - running the program is the purpose
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
        return Outcome(Verdict.ERROR, one_line(describe(error)), 0)
    missing = [name for name in task.entry_points if name not in namespace]
    if missing:
        reason = one_line(f"the program does not define {', '.join(missing)}")
        return Outcome(Verdict.ERROR, reason, 0)
    return run_tests(task.statements, namespace)
