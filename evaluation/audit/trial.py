"""Runs programs against the tests of their problems, all problems side by side."""

from collections.abc import Sequence
from dataclasses import replace

from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.rewards.entry_points import root_names
from whetstone.rewards.sandbox import AnyTests, Job, Result, Sandbox, Verdict
from whetstone.rewards.sandbox.helpers import with_helpers

_REPEATS = 3
_PATIENCE, _LEAST_PATIENCE_S = 10, 0.3


def run_programs(
    sandbox: Sandbox,
    problems: Sequence[AuditedProblem],
    programs: Sequence[Sequence[str]],
    timeouts_s: Sequence[float] | None = None,
) -> list[list[Result]]:
    """Run some programs of each problem against its tests.

    Args:
        sandbox: Where they run.
        problems: N problems.
        programs: The programs of each, (N,).
        timeouts_s: Seconds of a program of each problem, (N,); None: its own limit, or that of the
            sandbox.

    """
    limits: Sequence[float | None] = timeouts_s or [None] * len(problems)
    jobs = [
        Job(
            program,
            _within(with_helpers(problem.prefix, problem.tests), timeout_s),
            timeout_s,
            entry_points=root_names(problem.entry_points),
            stops_early=True,
        )
        for problem, some, timeout_s in zip(problems, programs, limits, strict=True)
        for program in some
    ]
    results = iter(sandbox.run_many(jobs))
    return [[next(results) for _ in some] for some in programs]


def repeated(reference: str | None) -> list[str]:
    """Return a program several times, each with other random numbers, so that it is run again."""
    if reference is None:
        return []
    if "__future__" in reference:  # must stay in front
        return [f"{reference}\n# {number}\n" for number in range(_REPEATS)]
    head = "import random as _random\n_random.seed({})\n"
    return [head.format(number) + reference for number in range(_REPEATS)]


def own_limit(problem: AuditedProblem, timeout_s: float) -> float:
    """Return the seconds that a program of a problem has, which may have a limit of its own."""
    own = None if isinstance(problem.tests, str) else problem.tests.timeout_s
    return timeout_s if own is None else own


def own_memory(problem: AuditedProblem, memory_mb: float) -> float:
    """Return the megabytes that a program of a problem has: no more than the sandbox gives."""
    own = None if isinstance(problem.tests, str) else problem.tests.memory_mb
    return min(memory_mb, own or memory_mb)


def patience(reference: Sequence[Result], timeout_s: float) -> float:
    """Return the seconds of a mutant: where it takes ten times its reference, it never ends."""
    slowest = max((result.cpu_s for result in reference), default=0.0)
    return min(timeout_s, max(_LEAST_PATIENCE_S, _PATIENCE * slowest))


def passed(result: Result) -> bool:
    """Tell whether a program passed all tests."""
    return result.verdict is Verdict.PASSED


def _within(tests: AnyTests, timeout_s: float | None) -> AnyTests:
    """Return tests without a limit of their own where another one is wanted."""
    if isinstance(tests, str) or timeout_s is None:
        return tests
    return replace(tests, timeout_s=timeout_s)
