"""Where the tests of each problem run: decided once, by its tests and its reference.

A program of the policy has no say in it: it could choose the tier that suits it. A reference, where
there is one, is run: what it passes with its tests apart is judged apart, what it passes only with
its tests beside it is judged so, and a problem that its own reference fails is not judged at all.
Without one the source of the tests tells what it can. A checker of the user's own that does not
accept an expected output judges nobody either.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from whetstone.rewards.languages import known_language
from whetstone.rewards.programs import asked_of, programs
from whetstone.rewards.sandbox import AnyTests, Job, Result, Sandbox, StdioTests, Tier, Verdict
from whetstone.rewards.sandbox.helpers import with_helpers
from whetstone.rewards.sandbox.scripts.tests import CHECK_NAME
from whetstone.rewards.stdio.columns import sources
from whetstone.rewards.tests_source import why_uncarried

TierChoice = Literal["auto", "apart", "together", "refuse"]
"""`refuse` judges nobody whose tests cannot run apart."""

DECIDING = frozenset(
    {"tests", "prefix", "entry_points", "reference", "canonical_solution", "language"}
)
"""Columns of a data set that decide."""

_Asked = TypeVar("_Asked")
_REMEDY = "reward.execution.tier=auto judges such problems beside their program (docs/rewards.md)"
_SLOW = frozenset({Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY})
"""A reference may need more than programs are given; another program may not."""


@dataclass(frozen=True)
class TestedProblem:
    """What decides: tests, the names that a program has to supply, and a program that is right."""

    tests: AnyTests
    entry_points: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True)
class Decision:
    """Where a problem is judged; `tier` None: nowhere, and `why` says what is wrong with it."""

    tier: Tier | None
    why: str = ""


class Tiers:
    """Decides about problems, and remembers.

    Args:
        choice: `auto` decides for each problem; `apart` and `together` say where all of them run.
        packages: Modules that tests can import beside the library.

    """

    def __init__(self, choice: TierChoice, packages: frozenset[str]) -> None:
        self._choice = choice
        self._packages = packages
        self._decided: dict[TestedProblem, Decision] = {}

    def decide(self, problems: Iterable[TestedProblem], sandbox: Sandbox) -> list[Decision]:
        """Return where each problem is judged."""
        wanted = list(problems)
        new = [p for p in dict.fromkeys(wanted) if p not in self._decided]
        new = self._with_sound_checkers(new, sandbox)
        if self._choice in {"apart", "together"}:
            self._decided |= dict.fromkeys(new, Decision(Tier(self._choice)))
        else:
            self._decided |= {p: self._by_source(p) for p in new if p.reference is None}
            self._try([p for p in new if p.reference is not None], sandbox)
        return [self._decided[problem] for problem in wanted]

    def _with_sound_checkers(
        self, problems: Sequence[TestedProblem], sandbox: Sandbox
    ) -> list[TestedProblem]:
        """Refuse problems whose own checker does not accept what is expected; returns the others.

        One that returns nothing would fail every program.
        """
        asked: dict[TestedProblem, Job] = {}
        for problem in problems:
            if isinstance(tests := problem.tests, StdioTests) and tests.has_program:
                case = tests.cases[0]
                test = case.asked(case.output)
                asked[problem] = Job(tests.checker, test, None, (CHECK_NAME,))
        results = sandbox.run_many([*asked.values()])
        for problem, result in zip(asked, results, strict=True):
            if result.verdict is not Verdict.PASSED:
                why = f"its checker does not accept the expected output: {_told(result)}"
                self._decided[problem] = Decision(None, why)
        return [problem for problem in problems if problem not in self._decided]

    def _by_source(self, problem: TestedProblem) -> Decision:
        if not isinstance(problem.tests, str):
            return Decision(Tier.APART)  # outputs are compared where the program never was
        why = why_uncarried(problem.tests, problem.entry_points, self._packages)
        return self._beside(why) if why else Decision(Tier.APART)

    def _beside(self, why: str) -> Decision:
        if self._choice == "refuse":
            return Decision(None, f"{why}; {_REMEDY}")
        return Decision(Tier.TOGETHER, why)

    def _try(self, problems: Sequence[TestedProblem], sandbox: Sandbox) -> None:
        """Run references, apart and, those that fail there, beside their tests."""
        left = self._failed_in(Tier.APART, problems, sandbox)
        beside = {p: result for p, result in left.items() if not isinstance(p.tests, str)}
        beside |= self._failed_in(Tier.TOGETHER, [p for p in left if p not in beside], sandbox)
        for problem, result in left.items():
            if result.verdict in _SLOW:
                self._decided[problem] = Decision(Tier.APART, f"its reference: {_told(result)}")
            elif problem in beside:
                why = f"its reference fails: {_told(beside[problem])}"
                self._decided[problem] = Decision(None, why)
            else:
                by_source = self._by_source(problem).why
                self._decided[problem] = self._beside(by_source or f"apart, {_told(result)}")

    def _failed_in(
        self, tier: Tier, problems: Sequence[TestedProblem], sandbox: Sandbox
    ) -> dict[TestedProblem, Result]:
        """Decide for those whose reference passes in a tier; returns the others."""
        jobs = [Job(p.reference or "", p.tests, None, p.entry_points, tier) for p in problems]
        results = dict(zip(problems, sandbox.run_many(jobs), strict=True))
        failed = {p: r for p, r in results.items() if r.verdict is not Verdict.PASSED}
        self._decided |= {p: Decision(tier) for p in results if p not in failed}
        return failed


def problems_of(
    tests: Sequence[AnyTests],
    prefix: Sequence[str | None] | None = None,
    entry_points: Sequence[Sequence[str] | None] | None = None,
    reference: Sequence[str | None] | None = None,
    canonical_solution: Sequence[str | None] | None = None,
    language: Sequence[str | None] | None = None,
) -> list[TestedProblem]:
    """Return the problem of each row, from the columns of `ExecutionReward`, `tests` read already.

    References in other languages than Python decide nothing.
    """
    count = len(tests)
    before = prefix or [None] * count
    spoken = language or [None] * count
    right = [
        one if known_language(name or "python") == "python" else None
        for one, name in zip(reference or canonical_solution or [None] * count, spoken, strict=True)
    ]
    written = programs(
        [one or "" for one in right],
        prefix=prefix,
        tests=sources(tests),
        entry_points=entry_points,
    )
    return [
        TestedProblem(with_helpers(above or "", test), names, None if known is None else program)
        for test, above, names, known, program in zip(
            tests, before, asked_of(entry_points, count), right, written, strict=True
        )
    ]


def run_decided(
    run: Callable[[list[_Asked]], list[Result]],
    asked: Sequence[_Asked],
    decisions: Sequence[Decision],
) -> list[Result]:
    """Run the programs of problems that are judged; the others are errors of the infrastructure."""
    judged = [one for one, decision in zip(asked, decisions, strict=True) if decision.tier]
    results = iter(run(judged))
    return [
        next(results) if one.tier else Result(Verdict.INFRA_ERROR, one.why, 0, 0, 0.0, 0.0)
        for one in decisions
    ]


def share_together(decisions: Sequence[Decision]) -> float:
    """Return the share of programs whose tests run beside them."""
    return sum(decision.tier is Tier.TOGETHER for decision in decisions) / len(decisions)


def describe_tiers(problems: Sequence[TestedProblem], decisions: Sequence[Decision]) -> str:
    """Say in a line how many problems are judged where, and why some are not."""
    decided = dict(zip(problems, decisions, strict=True))
    counts = Counter(decision.tier for decision in decided.values())
    parts = [f"{counts[Tier.APART]} problem{'s' * (counts[Tier.APART] != 1)} apart"]
    beside = [one.why for one in decided.values() if one.tier is Tier.TOGETHER]
    if beside:
        parts.append(f"{len(beside)} together{f' ({beside[0]})' if beside[0] else ''}")
    refused = [one.why for one in decided.values() if one.tier is None]
    if refused:
        first = refused[0] if len(refused) == 1 else f"the first: {refused[0]}"
        parts.append(f"{len(refused)} refused: {first}")
    return ", ".join(parts)


def _told(result: Result) -> str:
    return f"{result.verdict}: {result.detail}" if result.detail else str(result.verdict)
