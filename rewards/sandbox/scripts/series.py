"""One program and its inputs as few jobs: what a tester can run on its own, one after another.

A message for every input would cost a third of what running it does. What is asked at once is
bounded in bytes, for a problem may have more input than a machine wants to hold twice.
"""

from dataclasses import dataclass
from typing import Any

from whetstone.rewards.sandbox.scripts.standing import Standing
from whetstone.rewards.sandbox.scripts.tests import Case, StdioTests
from whetstone.rewards.sandbox.verdict import Result, Verdict

_MOST_CHARACTERS = 8 << 20
"""Of inputs and expected outputs that are asked at once, unless one case has more."""


@dataclass(frozen=True)
class SeriesJob:
    """Some of the cases of a program, in their order.

    `done` cases of it are behind it.
    """

    program: str
    tests: StdioTests
    done: int
    count: int
    timeout_s: float | None
    stops_early: bool

    def fields(self) -> dict[str, Any]:
        """Return what the process of the tests is told, but for the timeout."""
        cases = self.tests.cases[self.done : self.done + self.count]
        return {
            "program": self.program,
            "cases": [[case.input, case.output] for case in cases],
            "checker": self.tests.checker,
            "tolerance": self.tests.tolerance,
            "memory_mb": self.tests.memory_mb,
            "stops_early": self.stops_early,
            "done": self.done,
            "total": len(self.tests.cases),
        }


@dataclass
class Series(Standing):
    """One program on its way through cases whose outputs are compared by a rule of ours."""

    def next_job(self) -> SeriesJob:
        """Return what has to be run next."""
        count = _fitting(self.tests.cases[self.done :])
        return SeriesJob(self.program, self.tests, self.done, count, self.limit_s, self.stops_early)

    def take(self, result: Result) -> SeriesJob | None:
        """Note how a job ended; returns the next, or None once the verdict is known."""
        asked = self.next_job().count
        self.done += asked
        self.passed += result.passed_tests
        self.spend(result)
        if result.verdict is not Verdict.PASSED and self.first_failure is None:
            self.first_failure = result
        is_known = self.first_failure is not None and self.stops_early
        is_over = result.total_tests < asked or self.done == len(self.tests.cases)
        return None if is_known or is_over else self.next_job()


def _fitting(cases: tuple[Case, ...]) -> int:
    """Return how many of these can be asked at once."""
    characters = 0
    for count, case in enumerate(cases):
        characters += len(case.input) + len(case.output)
        if count and characters > _MOST_CHARACTERS:
            return count
    return len(cases)
