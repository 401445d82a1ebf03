"""How the run of one program ended: a closed set, so that every consumer decides on each case.

Refuses a bare pass or fail: a reward, a pass@k and a report must be able to tell a wrong program
from a slow one, and both from a machine that failed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from whetstone.rewards.sandbox.scripts.tests import StdioTests
from whetstone.rewards.sandbox.tier import Tier


class Verdict(StrEnum):
    """The outcome of one program. The first thing that went wrong decides."""

    PASSED = "passed"
    """The program and every statement of the tests ran without an exception."""

    FAILED = "failed"
    """An assertion of the tests did not hold."""

    ERROR = "error"
    """The program raised while it was defined or tested, died from a signal, or lacks a name."""

    SYNTAX_ERROR = "syntax_error"
    """The program does not compile."""

    TIMEOUT = "timeout"
    """The program was stopped at its time limit."""

    OUT_OF_MEMORY = "out_of_memory"
    """The program needed more memory than it was given."""

    VIOLATION = "violation"
    """The program ended its process before the tests did, or tampered with the report."""

    INFRA_ERROR = "infra_error"
    """The sandbox failed, or the tests do not compile: this says nothing about the program."""


ENDS = frozenset({Verdict.TIMEOUT, Verdict.SYNTAX_ERROR, Verdict.INFRA_ERROR})
"""Verdicts on an input after which other inputs would tell nothing, or cost too much."""


@dataclass(frozen=True)
class Result:
    """What is known about one finished program.

    `passed_tests` of `total_tests` held; a program that was stopped from outside (`TIMEOUT`,
    `VIOLATION`, a signal) counts none as passed. `detail` is one line for people. `cpu_s` and
    `wall_s` are the seconds of processor and of clock that the program's process took. `output` is
    what a program that was run as a command has printed; where that was compared, its beginning.
    `memory_mb` is the most memory that the process held beyond what it began with, in megabytes of
    2^20 bytes: less than the address space that is limited, and 0 where it is not known.
    """

    verdict: Verdict
    detail: str
    passed_tests: int
    total_tests: int
    cpu_s: float
    wall_s: float
    output: str = ""
    memory_mb: float = 0.0


LONGEST_TIMEOUT_S = 3600.0


def require_timeout(timeout_s: float | None) -> None:
    """Raise `ValueError` unless this is a time limit that a program can be held to."""
    if timeout_s is not None and not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        raise ValueError(
            f"timeout_s={timeout_s}: give more than 0 and at most {LONGEST_TIMEOUT_S:.0f} seconds"
        )


@dataclass(frozen=True)
class Job:
    """One program and its tests: Python source, or inputs and outputs.

    `timeout_s` overrides the sandbox's own. `entry_points` are the names that the program has to
    supply to the tests; without one of them the verdict is `ERROR`, and a builtin of the same name
    does not step in. Give them where they are known: without them a program may supply every name
    that the tests use and do not define, and so replace what its answers are checked with. `tier`
    says where the tests run: nothing about the program may decide that. `stops_early` leaves out
    the inputs after one that the program failed at, which then count as not passed.
    """

    program: str
    tests: str | StdioTests
    timeout_s: float | None = None
    entry_points: Iterable[str] | None = None
    tier: Tier = Tier.APART
    stops_early: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.entry_points, str):
            raise TypeError(f"entry_points takes a list of names: [{self.entry_points!r}]")
        if self.entry_points is not None:  # an iterator could be read only once
            object.__setattr__(self, "entry_points", tuple(self.entry_points))
        require_timeout(self.timeout_s)

    def fields(self) -> dict[str, Any]:
        """Return what the process of the tests is told, but for the timeout."""
        return {
            "program": self.program,
            "tests": self.tests,
            "entry_points": list(self.entry_points or ()),
            "tier": self.tier,
        }
