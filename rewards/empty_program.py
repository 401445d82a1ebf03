"""Problems that a program of nothing solves: their tests would pay for an empty completion."""

from collections.abc import Sequence
from dataclasses import dataclass

from whetstone.rewards.programs import asked_of
from whetstone.rewards.sandbox import Job, Sandbox, Verdict
from whetstone.rewards.sandbox.helpers import with_helpers
from whetstone.rewards.stdio.tests import are_a_list
from whetstone.rewards.tests_source import LIBRARY, may_pass_nothing


@dataclass(frozen=True)
class Doubtful:
    """A problem whose source does not tell whether nothing solves it."""

    index: int
    """Its place among all problems."""
    job: Job
    """What tells: the prefix alone, against the tests."""


def doubtful_problems(
    tests: Sequence[str],
    prefix: Sequence[str | None] | None = None,
    entry_points: Sequence[Sequence[str] | None] | None = None,
    *,
    modules: frozenset[str] = LIBRARY,
) -> list[Doubtful]:
    """Return the problems of which only running an empty program tells whether it solves them.

    Args:
        tests: The source of each problem's tests.
        prefix: What stands before each program.
        entry_points: The names that each program has to define.
        modules: What tests can import.

    """
    before = [text or "" for text in prefix or [None] * len(tests)]
    asked = asked_of(entry_points, len(tests))
    return [
        Doubtful(index, Job(above, with_helpers(above, test), entry_points=names))
        for index, (test, above, names) in enumerate(zip(tests, before, asked, strict=True))
        if not are_a_list(test) and may_pass_nothing(test, above, names, modules)
    ]


def solved_by_nothing(sandbox: Sandbox, doubtful: Sequence[Doubtful]) -> list[int]:
    """Run the doubtful problems; return the places of those that nothing solves."""
    results = sandbox.run_many([one.job for one in doubtful])
    return [
        one.index
        for one, result in zip(doubtful, results, strict=True)
        if result.verdict is Verdict.PASSED
    ]
