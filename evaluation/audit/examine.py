"""Runs what is known of problems against their tests, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from whetstone.evaluation.audit.mutants import mutants
from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.evaluation.audit.trial import (
    own_limit,
    own_memory,
    passed,
    patience,
    repeated,
    run_programs,
)
from whetstone.evaluation.audit.trivial import trivial_programs
from whetstone.rewards.sandbox import Result, Sandbox

_MOST_NAMED = 5


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
        memory_mb: The most megabytes that a run of the reference held.
        limit_mb: The megabytes of address space that it has.
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
    memory_mb: float = 0.0
    limit_mb: float = 0.0
    trivial: list[str] = field(default_factory=list)
    wrong: int = 0
    wrong_of: int = 0
    mutants: int = 0
    survived: int = 0
    survivors: list[str] = field(default_factory=list)


def examine(
    sandbox: Sandbox,
    problems: Sequence[AuditedProblem],
    timeout_s: float,
    memory_mb: float,
    most_mutants: int,
) -> list[Findings]:
    """Try problems: references first, and mutants only of those that pass each time.

    Args:
        sandbox: Where it runs.
        problems: Some of the data set; their programs run side by side.
        timeout_s: Seconds of a program, where the problem has no limit of its own.
        memory_mb: Megabytes of a program of the sandbox; a problem may have less.
        most_mutants: Of each reference; 0: none.

    """
    references = run_programs(
        sandbox, problems, [repeated(problem.reference) for problem in problems]
    )
    made = [trivial_programs(problem) for problem in problems]
    trivial = run_programs(sandbox, problems, [list(programs.values()) for programs in made])
    wrong = run_programs(sandbox, problems, [list(problem.wrong) for problem in problems])
    mutated = [
        list(mutants(problem.reference, most_mutants))
        if problem.reference is not None and most_mutants and all(map(passed, results))
        else []
        for problem, results in zip(problems, references, strict=True)
    ]
    sources = [[program for _, program in some] for some in mutated]
    patiences = [patience(results, timeout_s) for results in references]
    of_mutants = run_programs(sandbox, problems, sources, patiences)
    found = []
    for number, problem in enumerate(problems):
        names, changed = list(made[number]), [change for change, _ in mutated[number]]
        survivors = _named(changed, of_mutants[number])
        found.append(
            Findings(
                id=problem.id,
                mark=problem.mark,
                reference=[result.verdict.value for result in references[number]],
                reason=next((r.detail for r in references[number] if not passed(r)), ""),
                cpu_s=max((result.cpu_s for result in references[number]), default=0.0),
                limit_s=own_limit(problem, timeout_s),
                memory_mb=max((result.memory_mb for result in references[number]), default=0.0),
                limit_mb=own_memory(problem, memory_mb),
                trivial=_named(names, trivial[number]),
                wrong=sum(map(passed, wrong[number])),
                wrong_of=len(problem.wrong),
                mutants=len(changed),
                survived=len(survivors),
                survivors=survivors[:_MOST_NAMED],
            )
        )
    return found


def _named(names: Sequence[str], results: Sequence[Result]) -> list[str]:
    return [name for name, result in zip(names, results, strict=True) if passed(result)]
