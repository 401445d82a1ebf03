"""Rewards a program for what it does: it runs against tests in the sandbox.

Every verdict has an explicit reward, also those of programs that were cut short or blew up. Only
`INFRA_ERROR` has none: the sandbox failed, not the program, so the completion is masked.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from whetstone.rewards.base import Completion, RewardConfig
from whetstone.rewards.composition import Board
from whetstone.rewards.grading import VERDICT_REWARDS, Grading, is_truncated, require_every_verdict
from whetstone.rewards.hidden_tests import HackGap, split_tests
from whetstone.rewards.metrics import batch_metrics, hidden_metrics
from whetstone.rewards.programs import programs
from whetstone.rewards.quality import find_ruff, qualities
from whetstone.rewards.sandbox import AnyTests, Job, Result, Tier, Verdict
from whetstone.rewards.sandbox.packages import usable_modules
from whetstone.rewards.sandboxes import Sandboxes
from whetstone.rewards.stdio.columns import read_columns, sources
from whetstone.rewards.telling import Telling
from whetstone.rewards.tests_source import LIBRARY, require_carried
from whetstone.rewards.tiers import (
    DECIDING,
    Decision,
    TestedProblem,
    TierChoice,
    Tiers,
    describe_tiers,
    problems_of,
    run_decided,
    share_together,
)
from whetstone.rewards.unnamed import describe_unnamed

_LOOKED_AT = 10_000
"""Problems whose references are run before training: at 2 ms each, less than a minute."""

_MAY_PASS_HIDDEN_TESTS = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR)
"""Verdicts after which the hidden tests are run. The others pass none of them either, and running
a loop again would cost its timeout twice."""


class ExecutionReward:
    """Runs each completion against its tests; a reward function for TRL.

    Columns of the dataset, one value per completion:
        tests (str or list): Source of the tests: assert statements, or a check function and its
            call. Or a list: of `{"input", "output"}`, what the program reads and should print; or
            of `{"args", "expected"}`, calls of the first entry point and what they should return.
            A list may be JSON text.
        language (str, optional): Of the program; `cpp`, `rust` and `java` need tests of inputs and
            outputs.
        checker (str, optional): How outputs are compared: `lines`, `tokens`, `floats`, `exact`, or
            the source of a function `check(input, output, expected)`.
        tolerance (float, optional): That of the checker `floats`, relative and absolute.
        timeout_s (float, optional), memory_mb (int, optional): Limits of each test of inputs and
            outputs, for problems that have their own.
        prefix (str, optional): Text that stands before the completion in the program.
        stop (list[str], optional): The completion is cut at the earliest of these strings.
        entry_points (list[str], optional): Names that the program has to define for the tests, or
            paths to a method (`Solution().f`).
        reference (str, optional): A completion that is right; or `canonical_solution`. It decides
            where the tests of its problem run, see `whetstone.rewards.tiers`.

    Args:
        verdict_rewards: The reward of every verdict but `INFRA_ERROR`, which is masked.
        partial_credit: Pay a program that fails by the share of the tests that it passed.
        quality_bonus: What ruff's verdict adds to a program that passed, at most.
        truncated_reward: What a completion gets that the token limit cut and that failed; None
            pays by its verdict.
        max_completion_length, eos_token_ids: How such a completion is recognised, see
            `whetstone.rewards.grading.is_truncated`.
        hidden_fraction: Share of each problem's tests that pays nothing and is only measured.
        hack_gap_warning, hack_gap_stop: Those of `whetstone.rewards.hidden_tests.HackGap`.
        timeout_s, memory_mb, workers, packages: Those of `Sandbox`.
        tier: Where tests run, see `whetstone.rewards.tiers`.

    It starts its processes when it is first called, and again when it is called after `close`.

    Example:
        >>> reward = ExecutionReward()
        >>> reward(
        ...     prompts=["Complete: def add(a, b):"] * 2,
        ...     prefix=["def add(a, b): "] * 2,
        ...     completions=["return a + b", "return a - b"],
        ...     tests=["assert add(1, 2) == 3"] * 2,
        ... )
        [1.0, 0.0]
        >>> reward.close()

    """

    def __init__(
        self,
        verdict_rewards: Mapping[Verdict, float] = VERDICT_REWARDS,
        timeout_s: float = 3.0,
        memory_mb: int = 512,
        workers: int | None = None,
        *,
        partial_credit: bool = False,
        quality_bonus: float = 0.0,
        truncated_reward: float | None = None,
        max_completion_length: int | None = None,
        eos_token_ids: Iterable[int] | None = None,
        hidden_fraction: float = 0.0,
        hack_gap_warning: float = 0.1,
        hack_gap_stop: float | None = None,
        packages: Iterable[str] = (),
        tier: TierChoice = "refuse",
    ) -> None:
        self.__name__ = "execution"
        self.none_masks_sample = True  # None means that the sandbox failed, never "no opinion"
        rewards = require_every_verdict(verdict_rewards)
        self._grading = Grading(rewards, partial_credit, quality_bonus, truncated_reward)
        self._sandboxes = Sandboxes(workers, timeout_s, memory_mb, packages)
        self._ruff = find_ruff() if quality_bonus else ""
        self._max_length = max_completion_length
        self._eos = None if eos_token_ids is None else frozenset(eos_token_ids)
        if truncated_reward is not None and self._max_length is None and self._eos is None:
            raise ValueError(
                f"truncated_reward={truncated_reward}: give max_completion_length or eos_token_ids"
                " as well, or no completion can be recognised as truncated"
            )
        self._hidden_fraction = hidden_fraction
        self._hack_gap = HackGap(hack_gap_warning, hack_gap_stop)
        self._tiers = Tiers(tier, usable_modules(tuple(packages)))
        self._telling = Telling()
        self._board = Board()

    def share(self, board: Board) -> None:
        """Post the verdicts of every batch on this board as well."""
        self._board = board

    def prepare(self, columns: Mapping[str, Sequence[Any]]) -> str:
        """Decide where every problem of a data set is judged; returns a line that says so.

        Of very many the first are looked at, and the others when they are met. Its processes end
        again. Raises `ValueError` if no problem is left that can be judged.
        """
        shown = {name: list(values[:_LOOKED_AT]) for name, values in columns.items()}
        read = read_columns(shown.pop("tests", None), shown.get("entry_points"), shown)
        known = {name: shown[name] for name in DECIDING & shown.keys()}
        problems, more = problems_of(read, **known), len(columns["tests"]) - _LOOKED_AT
        try:
            decisions = self._tiers.decide(problems, self._sandboxes.python())
        finally:
            self.close()
        told = describe_tiers(problems, decisions)
        if all(decision.tier is None for decision in decisions):
            raise ValueError(
                f"no problem can be judged: {told}; mend them, or run every program by "
                "reward.execution.tier=apart, which asks no reference"
            )
        if unnamed := describe_unnamed(problems, shown):
            told = f"{told}; {unnamed}"
        return f"{told}; {more} rows more when they are met" if more > 0 else told

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        tests: Sequence[str | Sequence[Mapping[str, Any]]] | None = None,
        prefix: Sequence[str] | None = None,
        stop: Sequence[Sequence[str]] | None = None,
        entry_points: Sequence[Sequence[str]] | None = None,
        language: Sequence[str | None] | None = None,
        reference: Sequence[str | None] | None = None,
        canonical_solution: Sequence[str | None] | None = None,
        completion_ids: Sequence[Sequence[int]] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Run all programs and grade their verdicts.

        Raises:
            ValueError: without tests.
            RewardHackedError: when the gap to the hidden tests reaches `hack_gap_stop`.

        """
        read = read_columns(tests, entry_points, columns)
        problems = problems_of(read, prefix, entry_points, reference, canonical_solution, language)
        decisions = self._tiers.decide(problems, self._sandboxes.python())
        splits = [split_tests(problem.tests, self._hidden_fraction) for problem in problems]
        hidden = [unseen for _, unseen in splits]
        written = programs(
            completions,
            prefix=prefix,
            stop=stop,
            language=language,
            tests=sources(read),
            entry_points=entry_points,
        )
        jobs = self._jobs(written, problems, decisions, [visible for visible, _ in splits])
        asked = list(zip(jobs, language or [None] * len(jobs), strict=True))
        started = time.perf_counter()
        judged = run_decided(self._sandboxes.run, asked, decisions)
        results = [_tested(result) for result in judged]
        seconds = time.perf_counter() - started
        self._telling.tell(read, results)
        self._board.post(
            self.__name__, prompts, completions, [result.verdict for result in results]
        )
        all_ids: Sequence[Sequence[int] | None] = completion_ids or [None] * len(jobs)
        truncated = [is_truncated(ids, self._max_length, self._eos) for ids in all_ids]
        scores = self._qualities(jobs, results)
        metrics = batch_metrics(_problems(prompts, splits), results, truncated, scores, seconds)
        metrics["execution/together"] = share_together(decisions)
        metrics |= self._hidden(asked, results, hidden)
        if log_metric is not None:
            for name, value in metrics.items():
                log_metric(name, value)
        if (gap := metrics.get("reward/hack_gap")) is not None:
            self._hack_gap.add(gap)
        return [
            self._grading.grade(result, cut is True, score)
            for result, cut, score in zip(results, truncated, scores, strict=True)
        ]

    def close(self) -> None:
        """End the processes of the sandbox."""
        self._sandboxes.close()

    def _jobs(
        self,
        written: Sequence[str],
        problems: Sequence[TestedProblem],
        decisions: Sequence[Decision],
        visible: Sequence[AnyTests],
    ) -> list[Job]:
        """Return what is asked of each program: to pass the tests that it is paid for."""
        stops_early = not (self._grading.partial_credit or self._hidden_fraction)
        return [
            Job(
                program,
                tests,
                entry_points=problem.entry_points,
                tier=decision.tier or Tier.APART,
                stops_early=stops_early,
            )
            for program, problem, decision, tests in zip(
                written, problems, decisions, visible, strict=True
            )
        ]

    def _qualities(self, jobs: list[Job], results: list[Result]) -> list[float | None]:
        """Score the programs that passed, each once; None for the others, or without a bonus."""
        passed = [result.verdict is Verdict.PASSED for result in results]
        programs = {job.program for job, ok in zip(jobs, passed, strict=True) if ok}
        if not self._ruff or not programs:
            return [None] * len(jobs)
        ordered = sorted(programs)
        scores = dict(zip(ordered, qualities(ordered, self._ruff), strict=True))
        return [scores[job.program] if ok else None for job, ok in zip(jobs, passed, strict=True)]

    def _hidden(
        self,
        asked: Sequence[tuple[Job, str | None]],
        visible: list[Result],
        hidden_tests: list[AnyTests | None],
    ) -> dict[str, float]:
        """Run the hidden tests and compare. A program that cannot pass them is not run again."""
        again = {
            index: (replace(asked[index][0], tests=tests), asked[index][1])
            for index, tests in enumerate(hidden_tests)
            if tests is not None and visible[index].verdict in _MAY_PASS_HIDDEN_TESTS
        }
        results = self._sandboxes.run([*again.values()])
        found = dict(zip(again, results, strict=True))
        return hidden_metrics(
            [
                (result, found.get(index))
                for index, result in enumerate(visible)
                if hidden_tests[index] is not None
            ]
        )


def _tested(result: Result) -> Result:
    """Take a pass of no tests for what it is: nobody knows what the program is worth."""
    if result.verdict is Verdict.PASSED and result.total_tests == 0:
        detail = "the tests test nothing: they hold no statement"
        return replace(result, verdict=Verdict.INFRA_ERROR, detail=detail)
    return result


def _problems(prompts: list[Any], splits: Sequence[tuple[AnyTests, AnyTests | None]]) -> list[str]:
    """Return a key per completion that the completions of one problem share."""
    return [repr((prompt, split)) for prompt, split in zip(prompts, splits, strict=True)]


class ExecutionConfig(RewardConfig):
    """Tests that run decide: `ExecutionReward`."""

    name: Literal["execution"]
    timeout_s: PositiveFloat
    """Seconds that a program may run."""
    memory_mb: PositiveInt
    """Megabytes of address space of a program, its interpreter included."""
    workers: PositiveInt | None
    """Server processes of the sandbox; null takes one per usable core."""
    verdict_rewards: Annotated[dict[Verdict, float], AfterValidator(require_every_verdict)]
    """The reward of each verdict. `infra_error` has none: it masks the completion."""
    partial_credit: bool
    """Pay a failed or raising program by the share of the tests that it passed; false pays for all
    of them or nothing."""
    quality_bonus: NonNegativeFloat
    """Added to a program that passed: this, divided by 1 + the number of ruff's findings."""
    truncated_reward: float | None
    """Instead of what `failed`, `error` or `syntax_error` get, where the token limit cut the
    completion; null pays by the verdict."""
    max_completion_length: PositiveInt | None
    """Tokens after which the sampler cuts; a completion of that length counts as truncated."""
    eos_token_ids: list[int] | None
    """Tokens that end a completion, which tell one that ended exactly there from a cut one."""
    hidden_fraction: Annotated[float, Field(ge=0, lt=1)]
    """Share of each problem's tests that pays nothing and only measures `reward/hack_gap`."""
    hack_gap_warning: PositiveFloat
    """Mean gap over 20 batches from which on a warning is shown."""
    hack_gap_stop: PositiveFloat | None
    """Mean gap over 20 batches at which the run is stopped; null: never."""
    packages: list[str]
    """Installed packages that programs and tests may import, by the names of their modules."""
    tier: TierChoice
    """Where tests run: `refuse` in a process of their own, and problems that cannot be judged there
    are masked and told; `auto` judges these beside their program, where cheats are known that pay;
    `apart` asks no reference; `together` runs all of them beside the program."""

    @property
    def columns(self) -> frozenset[str]:
        """What a program is run against."""
        return frozenset({"tests"})

    def check_rows(self, values: Callable[[str], Iterable[Any]]) -> None:
        """Refuse tests that cannot be carried, where all of them are to run apart."""
        if self.tier == "apart":
            remedy = "reward.execution.tier=auto runs such tests beside their program"
            require_carried(values("tests"), usable_modules(tuple(self.packages)), remedy)

    @property
    def imports(self) -> frozenset[str]:
        """What the sandbox has: the library, and the packages with what they need."""
        return LIBRARY | usable_modules(tuple(self.packages))

    def build(self) -> ExecutionReward:
        """Make the reward; its processes start with its first batch."""
        return ExecutionReward(**self.model_dump(exclude={"name", "weight"}))
