"""Where the tests of each problem run: decided once, by its tests and its reference.

A program of the policy has no say in it: it could choose the tier that suits it. A reference, where
there is one, is run: what it passes with its tests apart is judged apart, what it passes only with
its tests beside it is judged so, and a problem that its own reference fails is not judged at all.
Without one the source of the tests tells what it can.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rewards.sandbox import Job, Result, Sandbox, Tier, Verdict
from rewards.sandbox.carried import reasons
from rewards.sandbox.helpers import with_helpers

TierChoice = Literal["auto", "apart", "together", "refuse"]
"""`refuse` judges nobody whose tests cannot run apart."""


@dataclass(frozen=True)
class Problem:
    """What decides: tests, the names that a program has to supply, and a program that is right."""

    tests: str
    entry_points: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True)
class Decision:
    """Where a problem is judged; `tier` None: nowhere, and `why` says what is wrong with it."""

    tier: Tier | None
    why: str = ""


class Tiers:
    """Decides about problems, and remembers."""

    def __init__(self, choice: TierChoice) -> None:
        self._choice = choice
        self._decided: dict[Problem, Decision] = {}

    def decide(self, problems: Iterable[Problem], sandbox: Sandbox) -> list[Decision]:
        """Return where each problem is judged."""
        wanted = list(problems)
        new = [p for p in dict.fromkeys(wanted) if p not in self._decided]
        if self._choice in {"apart", "together"}:
            self._decided |= dict.fromkeys(new, Decision(Tier(self._choice)))
        else:
            self._decided |= {p: self._by_source(p) for p in new if p.reference is None}
            self._try([p for p in new if p.reference is not None], sandbox)
        return [self._decided[problem] for problem in wanted]

    def _by_source(self, problem: Problem) -> Decision:
        found = reasons(problem.tests)
        if not found:
            return Decision(Tier.APART)
        why = f"the tests {found[0].what} (line {found[0].line})"
        return Decision(None if self._choice == "refuse" else Tier.TOGETHER, why)

    def _try(self, problems: Sequence[Problem], sandbox: Sandbox) -> None:
        """Run references, apart and, those that fail there, beside their tests."""
        left = self._passed_in(Tier.APART, problems, sandbox)
        beside = self._passed_in(Tier.TOGETHER, [problem for problem, _ in left], sandbox)
        failed = {problem for problem, _ in beside}
        for problem, result in left:
            if problem in failed:
                continue
            why = f"its reference passes only with its tests beside it, not apart: {result.detail}"
            tier = None if self._choice == "refuse" else Tier.TOGETHER
            self._decided[problem] = Decision(tier, why)
        for problem, result in beside:
            self._decided[problem] = Decision(None, f"its reference fails: {_told(result)}")

    def _passed_in(
        self, tier: Tier, problems: Sequence[Problem], sandbox: Sandbox
    ) -> list[tuple[Problem, Result]]:
        """Decide for those whose reference passes in a tier; returns the others."""
        jobs = [Job(p.reference or "", p.tests, None, p.entry_points, tier) for p in problems]
        pairs = list(zip(problems, sandbox.run_many(jobs), strict=True))
        passed = [problem for problem, result in pairs if result.verdict is Verdict.PASSED]
        self._decided |= dict.fromkeys(passed, Decision(tier))
        return [(p, result) for p, result in pairs if result.verdict is not Verdict.PASSED]


DECIDING = frozenset({"tests", "prefix", "entry_points", "reference", "canonical_solution"})
"""Columns of a data set that decide."""


def problems_of(
    tests: Sequence[str],
    prefix: Sequence[str | None] | None = None,
    entry_points: Sequence[Sequence[str] | None] | None = None,
    reference: Sequence[str | None] | None = None,
    canonical_solution: Sequence[str | None] | None = None,
) -> list[Problem]:
    """Return the problem of each row, from the columns of `ExecutionReward`."""
    nothing: list[None] = [None] * len(tests)
    return [
        Problem(
            with_helpers(above or "", test),
            tuple(names or ()),
            None if right is None else f"{above or ''}{right}",
        )
        for test, above, names, right in zip(
            tests,
            prefix or nothing,
            entry_points or nothing,
            reference or canonical_solution or nothing,
            strict=True,
        )
    ]


def run_decided(
    sandbox: Sandbox, jobs: Sequence[Job], decisions: Sequence[Decision]
) -> list[Result]:
    """Run the programs of problems that are judged; the others cannot be."""
    judged = [job for job, decision in zip(jobs, decisions, strict=True) if decision.tier]
    results = iter(sandbox.run_many(judged))
    return [
        next(results) if one.tier else Result(Verdict.INFRA_ERROR, one.why, 0, 0, 0.0, 0.0)
        for one in decisions
    ]


def share_together(decisions: Sequence[Decision]) -> float:
    """Return the share of programs whose tests run beside them."""
    return sum(decision.tier is Tier.TOGETHER for decision in decisions) / len(decisions)


def _told(result: Result) -> str:
    return f"{result.verdict}: {result.detail}" if result.detail else str(result.verdict)


def describe_tiers(problems: Sequence[Problem], decisions: Sequence[Decision]) -> str:
    """Say in a line how many problems are judged where, and why some are not."""
    decided = dict(zip(problems, decisions, strict=True))
    counts = Counter(decision.tier for decision in decided.values())
    parts = [f"{counts[Tier.APART]} problem{'s' * (counts[Tier.APART] != 1)} apart"]
    if counts[Tier.TOGETHER]:
        parts.append(f"{counts[Tier.TOGETHER]} together")
    refused = [decision.why for decision in decided.values() if decision.tier is None]
    if refused:
        first = refused[0] if len(refused) == 1 else f"the first: {refused[0]}"
        parts.append(f"{len(refused)} refused: {first}")
    return ", ".join(parts)
