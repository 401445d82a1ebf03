"""Runs one program on its inputs, in the process of the tests, and judges what it printed."""

import os
from dataclasses import dataclass, field, replace
from typing import Any

from whetstone.rewards.sandbox import frames
from whetstone.rewards.sandbox.orders import Orders
from whetstone.rewards.sandbox.outcome import NO_DEATH, Death, Outcome, judge_death, report
from whetstone.rewards.sandbox.program.script import NO_MEMORY, NOT_PYTHON
from whetstone.rewards.sandbox.scripts.clock import Clock
from whetstone.rewards.sandbox.scripts.compare import first_difference
from whetstone.rewards.sandbox.scripts.dialogue import Printed
from whetstone.rewards.sandbox.scripts.runs import ProgramRuns
from whetstone.rewards.sandbox.text import one_line
from whetstone.rewards.sandbox.verdict import ENDS, Verdict

_MOST_UNCOMPARED = frames.MAX_BYTES
_ROOM = 1 << 16
"""Bytes that an output may have beyond twice what is expected: for space, and for digits."""
_MOST_REPORTED = frames.MAX_BYTES - _ROOM
"""Bytes of JSON that an output may take in the report, beside its other fields."""
_SHOWN = 1 << 16
"""Characters that are passed on of an output which has been compared here."""


def judge_cases(
    orders: Orders,
    clock: Clock,
    program: str,
    cases: list[tuple[str, str | None]],
    checker: str,
    tolerance: float,
    timeout_s: float,
    memory_mb: int | None,
    stops_early: bool = True,
    done: int = 0,
    total: int | None = None,
) -> dict[str, Any]:
    """Run a program on inputs; returns the fields of `Result` that are known here.

    `cases` are inputs with what should be printed; `done` cases of the program's `total` are behind
    it. After a failure the others are run only to be counted, unless it `stops_early`. With no
    total it is one input, and what the program printed is reported.
    """
    tally, shown = _Tally(done, total), ""
    runs = ProgramRuns(orders, program, timeout_s, memory_mb)
    for number, (stdin, expected) in enumerate(cases):
        if number:
            clock.begin(tally.passed)
        given, most = stdin.encode(errors="replace"), most_bytes(expected)
        left = len(cases) - number - 1
        # A wrong program mostly fails at once, and then a process to fork others was for nothing.
        last = not left or (number + done == 0 and stops_early)
        printed, death = runs.run(given, most, left=left, last=last)
        output = printed.output.decode(errors="replace")
        outcome = _ended(printed, death, timeout_s)
        outcome = outcome or compared(output, expected, checker, tolerance)
        if total is None:
            shown, outcome = _shown(output, outcome, compared=expected is not None)
        if tally.take(outcome, death) and (stops_early or outcome.verdict in ENDS):
            break
    tally.count(runs.close())
    return tally.report() | {"output": shown}


@dataclass
class _Tally:
    """What is known of a program's cases so far."""

    done: int
    total: int | None
    ran: int = 0
    passed: int = 0
    failure: Outcome | None = None
    death: Death = NO_DEATH
    """The seconds of all, and the most that one held."""
    last_cpu_s: float = 0.0
    settled: dict[str, Any] = field(default_factory=dict)
    """What the last case, which may have been stopped, cannot change."""

    def count(self, death: Death) -> None:
        """Note what a process has cost."""
        own_bytes = max(self.death.own_bytes, death.own_bytes)
        cpu_s = self.death.cpu_s + death.cpu_s
        self.death = replace(self.death, cpu_s=cpu_s, own_bytes=own_bytes)

    def take(self, outcome: Outcome, death: Death) -> bool:
        """Note how a case ended; returns whether it was a failure."""
        self.settled = {"passed_tests": self.passed}
        if self.failure is not None:
            self.settled |= {"verdict": self.failure.verdict, "detail": self.failure.detail}
        self.ran += 1
        where = "" if self.total is None else f"test {self.done + self.ran} of {self.total}: "
        self.settled["where"] = where
        self.last_cpu_s = death.cpu_s
        self.count(death)
        self.passed += outcome.verdict is Verdict.PASSED
        if outcome.verdict is Verdict.PASSED:
            return False
        told = replace(outcome, detail=where + outcome.detail)
        if self.failure is None or outcome.is_lost:
            self.failure = told
        return True

    def report(self) -> dict[str, Any]:
        outcome = self.failure or Outcome(Verdict.PASSED, "")
        outcome = replace(outcome, passed_tests=self.passed)
        last = self.last_cpu_s
        return report(outcome, self.ran, self.death, last_cpu_s=last, if_stopped=self.settled)


def _shown(output: str, outcome: Outcome, *, compared: bool) -> tuple[str, Outcome]:
    """Return what is passed on of an output; one that nobody can be told of has failed."""
    if compared:
        return output[:_SHOWN], outcome
    if _written_bytes(output) <= _MOST_REPORTED:
        return output, outcome
    if outcome.verdict is Verdict.PASSED:
        told = f"it printed more than the {_MOST_REPORTED} bytes of JSON that a checker is given"
        outcome = Outcome(Verdict.FAILED, told)
    return "", outcome


def _written_bytes(output: str) -> int:
    """Return how long an output is in JSON, where a byte of it may take six.

    A report that is too long for its reader is a sandbox that failed, and the program, which chose
    what it printed, would have masked itself.
    """
    parts = (output[start : start + _SHOWN] for start in range(0, len(output), _SHOWN))
    return sum(len(frames.encode_json(part)) for part in parts)


def compared(output: str, expected: str | None, checker: str, tolerance: float) -> Outcome:
    """Judge what a program printed that has ended well."""
    difference = None
    if expected is not None:
        difference = first_difference(checker, output, expected, tolerance)
    if difference is not None:
        return Outcome(Verdict.FAILED, one_line(difference))
    return Outcome(Verdict.PASSED, "", 1)


def flooded(printed: Printed) -> Outcome:
    """Judge a program that printed more than it may."""
    return Outcome(Verdict.FAILED, f"it printed more than {len(printed.output)} bytes")


def exited(printed: Printed, status: int) -> Outcome | None:
    """Say what an exit status means for a program, also after the right output; None for 0."""
    if status == 0:
        return None
    told = f"exit status {status}: {printed.last_error}".rstrip(": ")
    return Outcome(Verdict.ERROR, one_line(told))


def most_bytes(expected: str | None) -> int:
    """Return how much a program may print that should print this; None is not known."""
    return _MOST_UNCOMPARED if expected is None else 2 * len(expected.encode()) + _ROOM


def _ended(printed: Printed, death: Death, timeout_s: float) -> Outcome | None:
    """Say what was wrong with the end of a program, or None."""
    if printed.too_much:
        return flooded(printed)
    if os.WIFSIGNALED(death.status):
        return judge_death(death, timeout_s)
    status = os.waitstatus_to_exitcode(death.status)
    if status == NOT_PYTHON:
        return Outcome(Verdict.SYNTAX_ERROR, one_line(printed.last_error))
    if status == NO_MEMORY:
        return Outcome(Verdict.OUT_OF_MEMORY, "MemoryError in the program")
    return exited(printed, status)
