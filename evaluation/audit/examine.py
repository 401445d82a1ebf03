"""Runs what is known of problems against their tests, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from whetstone.evaluation.audit.mutants import mutants
from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.evaluation.audit.trivial import trivial_programs
from whetstone.rewards.entry_points import root_names
from whetstone.rewards.sandbox import AnyTests, Job, Result, Sandbox, Verdict
from whetstone.rewards.sandbox.helpers import with_helpers

_REPEATS = 3
_MOST_NAMED = 5
_PATIENCE, _LEAST_PATIENCE_S = 10, 0.3


@dataclass(frozen=True)
class Findings:
    """What is known of one problem.

    Args:
        id: The problem.
        mark: The hash of its contents.
        reference: The verdict of each run of the reference; empty where there is none.
        reason: What the first run says that did not pass.
        cpu_s: The most processor seconds that a run of the reference took.
        limit_s: The seconds that it has.
        trivial: Trivial programs that passed, by what they do.
        wrong: How many programs of the data that ought to fail passed, of `wrong_of`.
        mutants: How many mutants of the reference were run, of which `survived` passed.
        survivors: The mistakes in some of these.

    """

    id: str
    mark: str
    reference: list[str] = field(default_factory=list)
    reason: str = ""
    cpu_s: float = 0.0
    limit_s: float = 0.0
    trivial: list[str] = field(default_factory=list)
    wrong: int = 0
    wrong_of: int = 0
    mutants: int = 0
    survived: int = 0
    survivors: list[str] = field(default_factory=list)


def examine(
    sandbox: Sandbox, problems: Sequence[AuditedProblem], timeout_s: float, most_mutants: int
) -> list[Findings]:
    """Try problems: references first, and mutants only of those that pass each time.

    Args:
        sandbox: Where it runs.
        problems: Some of the data set; their programs run side by side.
        timeout_s: Seconds of a program, where the problem has no limit of its own.
        most_mutants: Of each reference; 0: none.

    """
    repeated = _run(sandbox, problems, [_repeated(problem.reference) for problem in problems])
    made = [trivial_programs(problem) for problem in problems]
    trivial = _run(sandbox, problems, [list(programs.values()) for programs in made])
    wrong = _run(sandbox, problems, [list(problem.wrong) for problem in problems])
    mutated = [
        list(mutants(problem.reference, most_mutants))
        if problem.reference is not None and most_mutants and all(map(_passed, results))
        else []
        for problem, results in zip(problems, repeated, strict=True)
    ]
    sources = [[program for _, program in some] for some in mutated]
    patience = [_patience(results, timeout_s) for results in repeated]
    of_mutants = _run(sandbox, problems, sources, patience)
    found = []
    for number, problem in enumerate(problems):
        names, changed = list(made[number]), [change for change, _ in mutated[number]]
        survivors = _named(changed, of_mutants[number])
        found.append(
            Findings(
                id=problem.id,
                mark=problem.mark,
                reference=[result.verdict.value for result in repeated[number]],
                reason=next((r.detail for r in repeated[number] if not _passed(r)), ""),
                cpu_s=max((result.cpu_s for result in repeated[number]), default=0.0),
                limit_s=_limit(problem, timeout_s),
                trivial=_named(names, trivial[number]),
                wrong=sum(map(_passed, wrong[number])),
                wrong_of=len(problem.wrong),
                mutants=len(changed),
                survived=len(survivors),
                survivors=survivors[:_MOST_NAMED],
            )
        )
    return found


def _patience(reference: Sequence[Result], timeout_s: float) -> float:
    """Return the seconds of a mutant: where it takes ten times its reference, it never ends."""
    slowest = max((result.cpu_s for result in reference), default=0.0)
    return min(timeout_s, max(_LEAST_PATIENCE_S, _PATIENCE * slowest))


def _run(
    sandbox: Sandbox,
    problems: Sequence[AuditedProblem],
    programs: Sequence[Sequence[str]],
    timeouts_s: Sequence[float] | None = None,
) -> list[list[Result]]:
    """Run some programs of each problem, all problems at once."""
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


def _within(tests: AnyTests, timeout_s: float | None) -> AnyTests:
    """Return tests without a limit of their own where another one is wanted."""
    if isinstance(tests, str) or timeout_s is None:
        return tests
    return replace(tests, timeout_s=timeout_s)


def _repeated(reference: str | None) -> list[str]:
    """Return a program several times, each with other random numbers, so that it is run again."""
    if reference is None:
        return []
    if "__future__" in reference:  # must stay in front
        return [f"{reference}\n# {number}\n" for number in range(_REPEATS)]
    head = "import random as _random\n_random.seed({})\n"
    return [head.format(number) + reference for number in range(_REPEATS)]


def _limit(problem: AuditedProblem, timeout_s: float) -> float:
    own = None if isinstance(problem.tests, str) else problem.tests.timeout_s
    return timeout_s if own is None else own


def _passed(result: Result) -> bool:
    return result.verdict is Verdict.PASSED


def _named(names: Sequence[str], results: Sequence[Result]) -> list[str]:
    return [name for name, result in zip(names, results, strict=True) if _passed(result)]
