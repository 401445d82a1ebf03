"""The fork server: a fresh interpreter that forks one child per program and judges how it ends.

It is exec'd, never forked from the trainer: a fork copies the page tables of its parent, and those
of a process that holds a model are large. It is single-threaded, so that a fork is safe, and has
imported what programs import, so that a fork is nearly all that a program costs. It runs without
`site`, so it and the programs see the standard library and nothing else.

Several children run at once: one that only waits (`sleep`, a lock) costs no processor, so it may
hold its slot until its deadline while others work.
"""

import functools
import gc
import importlib
import json
import math
import os
import random
import select
import signal
import socket
import sys
import time
import warnings
from dataclasses import dataclass

from rewards.sandbox import child, frames, processes
from rewards.sandbox.tester import Outcome, Statement, compile_tests, describe, one_line
from rewards.sandbox.verdict import Verdict

# What short programs import, beyond what is here already: once, not once in each of them.
_WARM_MODULES = [
    "array",
    "bisect",
    "calendar",
    "cmath",
    "copy",
    "datetime",
    "decimal",
    "fractions",
    "hashlib",
    "heapq",
    "inspect",
    "itertools",
    "queue",
    "statistics",
    "string",
    "textwrap",
    "typing",
    "unicodedata",
]

_MAX_REPORT_BYTES = 4096
_TESTS_KEPT = 256
"""Compiled tests that are kept: the completions of a group share their tests."""


@dataclass
class _Run:
    """A child that has not ended yet. Times are those of `time.monotonic`."""

    job_id: int
    pid: int
    report: int
    total_tests: int
    timeout_s: float
    started: float
    deadline: float


class _Server:
    def __init__(self, channel: socket.socket, memory_bytes: int) -> None:
        self._channel = channel
        self._memory_bytes = memory_bytes
        self._runs: dict[int, _Run] = {}  # by the descriptor that the report comes from
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    def serve(self) -> None:
        """Run jobs until the supervisor hangs up."""
        while True:
            for descriptor, _ in self._poll.poll(self._milliseconds_left()):
                if descriptor != self._channel.fileno():
                    self._finish(self._runs[descriptor])
                elif (job := frames.receive(self._channel)) is not None:
                    self._start(**job)
                else:
                    return
            self._stop_overdue()

    def kill_all(self) -> None:
        """Leave no program behind."""
        for run in self._runs.values():
            processes.kill_and_reap(run.pid)
        processes.kill_strays(keep=set())

    def _start(
        self, job_id: int, program: str, tests: str, timeout_s: float, entry_points: list[str]
    ) -> None:
        try:
            statements = _compiled(tests)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            reason = one_line(f"the tests do not compile: {describe(error)}")
            self._reply(job_id, Outcome(Verdict.INFRA_ERROR, reason, 0), 0, 0.0, 0.0)
            return
        reader, writer = os.pipe()
        pid = processes.fork()
        if pid == 0:
            task = child.Task(program, statements, entry_points, timeout_s, self._memory_bytes)
            child.main(task, writer)
        os.close(writer)
        now = time.monotonic()
        total_tests = sum(statement.is_test for statement in statements)
        self._runs[reader] = _Run(
            job_id, pid, reader, total_tests, timeout_s, started=now, deadline=now + timeout_s
        )
        self._poll.register(reader, select.POLLIN)

    def _milliseconds_left(self) -> int | None:
        """Until the next deadline; None while nothing runs."""
        deadlines = [run.deadline for run in self._runs.values()]
        if not deadlines:
            return None
        return max(0, math.ceil(1000 * (min(deadlines) - time.monotonic())))

    def _stop_overdue(self) -> None:
        """Stop what is past its deadline, which moves while a program waits for a processor.

        A program whose core is busy with others gets that time back, up to once more its timeout:
        otherwise verdicts would depend on the load of the machine.
        """
        now = time.monotonic()
        for run in [run for run in self._runs.values() if run.deadline <= now]:
            waited_s = min(processes.run_queue_s(run.pid), run.timeout_s)
            run.deadline = run.started + run.timeout_s + waited_s
            if run.deadline <= now:
                self._finish(run, timed_out=True)

    def _finish(self, run: _Run, *, timed_out: bool = False) -> None:
        """End a child that has reported, died or run out of time, and say how it went."""
        report = b"" if timed_out else os.read(run.report, _MAX_REPORT_BYTES)
        self._poll.unregister(run.report)
        os.close(run.report)
        del self._runs[run.report]
        status, cpu_s = processes.kill_and_reap(run.pid)
        wall_s = time.monotonic() - run.started
        processes.kill_strays(keep={other.pid for other in self._runs.values()})
        if timed_out:
            outcome = Outcome(Verdict.TIMEOUT, f"stopped after {wall_s:.2f} s", 0)
        elif report:
            outcome = _parse_report(report, run.total_tests)
        else:
            outcome = _judge_death(status, cpu_s, run.timeout_s)
        self._reply(run.job_id, outcome, run.total_tests, cpu_s, wall_s)

    def _reply(
        self, job_id: int, outcome: Outcome, total_tests: int, cpu_s: float, wall_s: float
    ) -> None:
        result = {
            "verdict": outcome.verdict,
            "detail": outcome.detail,
            "passed_tests": outcome.passed_tests,
            "total_tests": total_tests,
            "cpu_s": cpu_s,
            "wall_s": wall_s,
        }
        frames.send(self._channel, {"job_id": job_id, "result": result})


@functools.lru_cache(maxsize=_TESTS_KEPT)
def _compiled(tests: str) -> tuple[Statement, ...]:
    return compile_tests(tests)


def _parse_report(report: bytes, total_tests: int) -> Outcome:
    """Read what the child wrote; anything but a well-formed report was written by the program."""
    try:
        verdict, detail, passed_tests = json.loads(report)
        outcome = Outcome(Verdict(verdict), str(detail), int(passed_tests))
    except (ValueError, TypeError, RecursionError):
        outcome = None
    if outcome is None or not 0 <= outcome.passed_tests <= total_tests:
        return Outcome(Verdict.VIOLATION, "the program wrote into the report", 0)
    return outcome


def _judge_death(status: int, cpu_s: float, timeout_s: float) -> Outcome:
    """Say why a child gave no report. It may have been alive until we killed it for that."""
    if not os.WIFSIGNALED(status):
        reason = f"the program ended its process with status {os.waitstatus_to_exitcode(status)}"
        return Outcome(Verdict.VIOLATION, reason, 0)
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= timeout_s):
        return Outcome(Verdict.TIMEOUT, f"stopped after {cpu_s:.2f} s of processor time", 0)
    if number == signal.SIGKILL:
        return Outcome(Verdict.VIOLATION, "the program closed its report, or was killed", 0)
    return Outcome(Verdict.ERROR, f"the program died from signal {signal.strsignal(number)}", 0)


def main() -> None:
    """Serve on the descriptor of `sys.argv[1]`, with `sys.argv[2]` bytes of memory a program."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    memory_bytes = int(sys.argv[2])
    del sys.argv[1:]
    processes.end_with_parent(signal.SIGTERM)
    processes.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for name in _WARM_MODULES:
        importlib.import_module(name)
    warnings.simplefilter("ignore")
    random.seed(0)  # a program that draws gets the same numbers, and verdict, on every run
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection would touch, and so copy, the pages shared with the children
    server = _Server(channel, memory_bytes)
    try:
        server.serve()
    finally:
        server.kill_all()
