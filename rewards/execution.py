"""Rewards a program for what it does: it runs against tests in the sandbox.

Every verdict has an explicit reward, also those of programs that were cut short or blew up. Only
`INFRA_ERROR` has none: the sandbox failed, not the program, so the completion is masked.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, PositiveFloat, PositiveInt

from rewards.base import Completion, RewardConfig
from rewards.extract import extract_code
from rewards.sandbox import Job, Result, Sandbox, Verdict

VERDICT_REWARDS: Mapping[Verdict, float] = {
    Verdict.PASSED: 1.0,
    Verdict.FAILED: 0.0,
    Verdict.ERROR: 0.0,
    Verdict.SYNTAX_ERROR: -0.2,
    Verdict.TIMEOUT: 0.0,
    Verdict.OUT_OF_MEMORY: 0.0,
    Verdict.VIOLATION: 0.0,
}
"""The rewards of a library user who gives none; runs take theirs from conf/reward."""


def require_every_verdict(rewards: Mapping[Verdict, float]) -> dict[Verdict, float]:
    """Refuse a mapping that leaves a verdict to chance, or that grades a failure of the sandbox."""
    judged = set(Verdict) - {Verdict.INFRA_ERROR}
    if missing := sorted(judged - set(rewards)):
        raise ValueError(f"verdict_rewards has no reward for {', '.join(missing)}")
    if Verdict.INFRA_ERROR in rewards:
        raise ValueError(
            "verdict_rewards grades infra_error, which says nothing about the program: remove it,"
            " such completions are masked"
        )
    return {Verdict(verdict): reward for verdict, reward in rewards.items()}


class ExecutionReward:
    """Runs each completion against its tests; a reward function for TRL.

    Columns of the dataset, one value per completion:
        tests (str): Source of the tests: assert statements, or a check function and its call.
        prefix (str, optional): Text that stands before the completion in the program.
        stop (list[str], optional): The completion is cut at the earliest of these strings.
        entry_points (list[str], optional): Names that the program has to define for the tests.

    Args:
        verdict_rewards: The reward of every verdict but `INFRA_ERROR`, which is masked.
        timeout_s, memory_mb, workers: Those of `Sandbox`.

    It starts its processes when it is first called, and again when it is called after `close`.

    """

    def __init__(
        self,
        verdict_rewards: Mapping[Verdict, float] = VERDICT_REWARDS,
        timeout_s: float = 3.0,
        memory_mb: int = 512,
        workers: int | None = None,
    ) -> None:
        self.__name__ = "execution"
        self.none_masks_sample = True  # None means that the sandbox failed, never "no opinion"
        self._verdict_rewards = require_every_verdict(verdict_rewards)
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._workers = workers
        self._sandbox: Sandbox | None = None

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        tests: Sequence[str] | None = None,
        prefix: Sequence[str] | None = None,
        stop: Sequence[Sequence[str]] | None = None,
        entry_points: Sequence[Sequence[str]] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Run all programs and grade their verdicts. Raises `ValueError` without tests."""
        count = len(prompts)
        jobs = [
            Job(before + extract_code(completion, stops), test, entry_points=names)
            for completion, test, before, stops, names in zip(
                completions,
                _require_tests(tests),
                prefix or [""] * count,
                stop or [()] * count,
                entry_points or [()] * count,
                strict=True,
            )
        ]
        started = time.perf_counter()
        results = self._started_sandbox().run_many(jobs)
        if log_metric is not None:
            for name, value in _metrics(results, time.perf_counter() - started).items():
                log_metric(name, value)
        return [self._verdict_rewards.get(result.verdict) for result in results]

    def close(self) -> None:
        """End the processes of the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def _started_sandbox(self) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = Sandbox(self._workers, self._timeout_s, self._memory_mb)
        return self._sandbox


def _require_tests(tests: Sequence[str] | None) -> Sequence[str]:
    if tests is None:
        raise ValueError(
            "the execution reward needs a dataset column `tests` (source of assert statements,"
            " or of a check function and its call), and there is none: add the column, or map"
            " your own to it"
        )
    for row, test in enumerate(tests):
        if not test or not test.strip():
            raise ValueError(
                f"column `tests` is empty in row {row} of the batch, so every program would pass:"
                " drop such rows from the dataset"
            )
    return tests


def _metrics(results: list[Result], seconds: float) -> dict[str, float]:
    """Shares of the verdicts, and rates over the programs that the sandbox could judge.

    A verdict that did not occur has a share of 0, and is not left out: TRL averages a metric over
    the batches that logged it.
    """
    counts = Counter(result.verdict for result in results)
    metrics = {f"execution/{verdict}": counts[verdict] / len(results) for verdict in Verdict}
    judged = [result for result in results if result.verdict is not Verdict.INFRA_ERROR]
    if judged:
        metrics["execution/pass_rate"] = counts[Verdict.PASSED] / len(judged)
        total_tests = sum(result.total_tests for result in judged)
        passed_tests = sum(result.passed_tests for result in judged)
        metrics["execution/test_pass_rate"] = passed_tests / total_tests if total_tests else 0.0
    metrics["execution/programs_per_second"] = len(results) / seconds
    return metrics


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

    def build(self) -> ExecutionReward:
        """Make the reward; its processes start with its first batch."""
        return ExecutionReward(self.verdict_rewards, self.timeout_s, self.memory_mb, self.workers)
