"""Verdicts for programs that are already there, and the pass rates over them.

What a generation file, a reference solution and the `code_eval` metric have in common. A program
that could not be judged is no wrong program, and a file of figures has no place for it: it is an
error, and nothing is scored.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from whetstone.evaluation.errors import Unjudged
from whetstone.evaluation.pass_at_k import pass_at_k
from whetstone.rewards.sandbox import Job, Result, Verdict


class Judge(Protocol):
    """What runs programs: the sandbox, or another with the same manners."""

    def run_many(self, jobs: Iterable[Job]) -> list[Result]:
        """Return a result for each job, in order."""
        ...


def judged(groups: Sequence[Sequence[Job]], judge: Judge) -> list[list[Result]]:
    """Run the programs of each problem.

    Args:
        groups: one list of jobs for each problem.
        judge: open.

    Raises:
        Unjudged: when the sandbox failed on some of them.

    """
    results = iter(judge.run_many([job for group in groups for job in group]))
    by_group = [[next(results) for _ in group] for group in groups]
    failed = [r for group in by_group for r in group if r.verdict is Verdict.INFRA_ERROR]
    if failed:
        raise Unjudged(
            f"the sandbox could not judge {len(failed)} programs, so nothing is scored "
            f"(the first: {failed[0].detail}). Mend the tests where the fault is theirs; the same "
            "command tries again."
        )
    return by_group


def pass_rates(passed: Iterable[Sequence[bool]], k: Iterable[int]) -> dict[str, float]:
    """Return the mean pass@k over problems, for each k that every problem has samples for.

    Args:
        passed: for each problem, which of its samples passed. Problems without any are left out,
            as bigcode-evaluation-harness leaves them out.
        k: sizes; those that a problem is too small for are left out.

    """
    problems = [samples for samples in passed if samples]
    fewest = min(map(len, problems), default=0)
    return {
        f"pass@{size}": sum(pass_at_k(len(samples), sum(samples), size) for samples in problems)
        / len(problems)
        for size in k
        if size <= fewest
    }
