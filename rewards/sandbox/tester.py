"""The process of the tests: it runs them against a program that lives elsewhere.

It meets the program only through `rewards.sandbox.candidate`, so what a program patches, replaces
or reads is never what judges it. One tester serves many programs, one at a time. It is limited like
a program, since the data that a program returns may be made to exhaust whoever uses it, and the
host kills and replaces it when it is late.
"""

import gc
import os
import random
import resource
import signal
import socket
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from rewards.sandbox import frames, processes, zygote
from rewards.sandbox.apart import Apart
from rewards.sandbox.candidate import DiedError
from rewards.sandbox.isolation import landlock, limits
from rewards.sandbox.isolation.interpreter import readable_paths
from rewards.sandbox.isolation.libc import PR_SET_NO_NEW_PRIVS, prctl
from rewards.sandbox.names import replaced_names
from rewards.sandbox.outcome import Outcome
from rewards.sandbox.profile import Layer
from rewards.sandbox.statements import Tests, TestsError, VacuousTestsError, compile_tests
from rewards.sandbox.text import describe, one_line
from rewards.sandbox.tier import Tier
from rewards.sandbox.together.judge import Together
from rewards.sandbox.verdict import Verdict

_MAX_JOB_BYTES = 1 << 30
_LARGE_KIB = 32 << 10
_LARGE_SHARE = 0.25
"""A program that held so much of its memory may have been killed for that."""

_CPU_GRACE_S = 5.0
"""Processor seconds of a tester beyond a program's timeout, before the kernel ends it."""


@dataclass(frozen=True)
class Death:
    """How the process of a program ended."""

    status: int
    lived: bool
    """Until we ended it, as far as is known."""
    cpu_s: float
    memory_bytes: int
    """The most that it held."""


class Orders:
    """A tester's line to the zygote: start a child, end it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def start(self, timeout_s: float, tier: Tier = Tier.APART) -> socket.socket:
        """Have a child forked; returns our end of its channel."""
        ours, theirs = socket.socketpair()
        with theirs:
            order = zygote.ORDER.pack(zygote.START, tier is Tier.TOGETHER, timeout_s)
            socket.send_fds(self._line, [order], [theirs.fileno()])
        return ours

    def end(self, *, hung_up: bool = False) -> Death:
        """Kill the child, which has `hung_up` already or not. Raises `OSError`."""
        self._line.send(zygote.ORDER.pack(zygote.END, hung_up, 0.0))
        answer = self._line.recv(zygote.ENDED.size)
        if len(answer) != zygote.ENDED.size:
            raise OSError("the zygote is gone")
        return Death(*zygote.ENDED.unpack(answer))


def main(
    jobs: socket.socket,
    line: socket.socket,
    layers: frozenset[Layer],
    memory_bytes: int,
    readable: list[str],
) -> NoReturn:
    """Serve the host until it hangs up. Runs in a fork of it."""
    try:
        _confine(layers, memory_bytes, readable)
        orders = Orders(line)
        gc.enable()
        while (frame := frames.receive(jobs.fileno(), _MAX_JOB_BYTES)) is not None:
            job = frames.decode_json(frame.decode("ascii"))
            frames.send_json(jobs.fileno(), judge(orders, **job | {"tier": Tier(job["tier"])}))
    finally:
        os._exit(0)


def _confine(layers: frozenset[Layer], memory_bytes: int, readable: list[str]) -> None:
    processes.end_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limits.limit_tester(memory_bytes)
    if sys.platform == "linux":
        prctl(PR_SET_NO_NEW_PRIVS, 1)
    if Layer.LANDLOCK in layers:
        rules = landlock.ruleset([*readable_paths(), *readable])
        landlock.restrict(rules)
        os.close(rules)


def judge(
    orders: Orders,
    program: str,
    tests: str,
    timeout_s: float,
    entry_points: list[str],
    tier: Tier,
) -> dict[str, Any]:
    """Run one program against its tests; returns the fields of `Result` that are known here."""
    limits.allow_more_cpu(timeout_s + _CPU_GRACE_S)
    try:
        compiled = compile_tests(tests, tuple(entry_points))
    except TestsError as error:
        prefix = "the tests test nothing: " if isinstance(error, VacuousTestsError) else ""
        return _report(Outcome(Verdict.INFRA_ERROR, one_line(f"{prefix}{error}")), 0, 0.0)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        detail = one_line(f"the tests do not compile: {describe(error)}")
        return _report(Outcome(Verdict.INFRA_ERROR, detail), 0, 0.0)
    random.seed(0)
    with orders.start(timeout_s, tier) as channel:
        outcome = _run(tier, channel.fileno(), program, compiled, entry_points)
    hung_up = outcome is None
    death = orders.end(hung_up=hung_up)
    outcome = outcome or _judge_death(death, timeout_s)
    return _report(outcome, compiled.total, death.cpu_s, stained=compiled.stain or _has_grown())


def _has_grown() -> bool:
    """Tell whether a program's data has made this process large; what was large stays so."""
    if sys.platform != "linux":  # elsewhere the unit is another
        return False
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _LARGE_KIB


def _report(
    outcome: Outcome, total_tests: int, cpu_s: float, *, stained: bool = False
) -> dict[str, Any]:
    return {
        "verdict": outcome.verdict,
        "detail": outcome.detail,
        "passed_tests": outcome.passed_tests,
        "total_tests": total_tests,
        "cpu_s": cpu_s,
        "is_unjudgeable": outcome.is_unjudgeable,
        "is_lost": outcome.is_lost,
        "is_stained": stained,
    }


def _run(
    tier: Tier, channel: int, program: str, tests: Tests, entry_points: list[str]
) -> Outcome | None:
    """Run a program in a tier; None if its process has hung up."""
    try:
        session = Apart(channel, tests) if tier is Tier.APART else Together(channel, tests)
        supplied = session.define(program)
        if isinstance(supplied, Outcome):
            return supplied
        return _unfit(program, supplied, tests, entry_points) or session.run()
    except DiedError:
        return None


def _unfit(
    program: str, supplied: Collection[str], tests: Tests, entry_points: list[str]
) -> Outcome | None:
    """Say what is wrong with the names that a program supplies."""
    missing = [name for name in entry_points if name not in supplied]
    if missing:
        reason = one_line(f"the program does not define {', '.join(missing)}")
        return Outcome(Verdict.ERROR, reason)
    # Names beside the entry points are helpers that stood before the program's own part. With a
    # second definition it could agree with any answer.
    helpers = set(tests.names) - set(entry_points)
    if not entry_points or not helpers:
        return None
    try:
        replaced = sorted(replaced_names(program, helpers, called=tests.called))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = f"it cannot be told which names the program defines: {describe(error)}"
        return Outcome(Verdict.ERROR, one_line(reason))
    if replaced:
        reason = f"the program replaces {', '.join(replaced)}, which its tests use"
        return Outcome(Verdict.VIOLATION, one_line(reason))
    return None


def _judge_killing(death: Death) -> Outcome:
    """Say what a program is worth that somebody killed.

    None can do this to itself: see `_Zygote._ends_unasked`. But one that takes much memory can have
    the kernel do it, where there is less than it is allowed.
    """
    reason = "somebody killed the program, perhaps the kernel for want of memory"
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    large = allowed != resource.RLIM_INFINITY and death.memory_bytes > _LARGE_SHARE * allowed
    verdict = Verdict.OUT_OF_MEMORY if large else Verdict.INFRA_ERROR
    return Outcome(verdict, reason, is_lost=True)


def _judge_death(death: Death, timeout_s: float) -> Outcome:
    """Say why a child gave no answer. It may have been alive until we killed it for that."""
    if not os.WIFSIGNALED(death.status):
        code = os.waitstatus_to_exitcode(death.status)
        reason = f"the program ended its process with status {code}"
        return Outcome(Verdict.VIOLATION, reason)
    number = os.WTERMSIG(death.status)
    out_of_time = number == signal.SIGKILL and not death.lived and death.cpu_s > timeout_s
    if number == signal.SIGXCPU or out_of_time:
        return Outcome(Verdict.TIMEOUT, "stopped by the kernel at its limit of processor time")
    if number == signal.SIGSYS:
        return Outcome(Verdict.VIOLATION, "the program made a forbidden system call")
    if number == signal.SIGKILL and not death.lived:
        return _judge_killing(death)
    if number == signal.SIGKILL:
        return Outcome(Verdict.VIOLATION, "the program closed its channel, or was killed")
    return Outcome(Verdict.ERROR, f"the program died from signal {signal.strsignal(number)}")
