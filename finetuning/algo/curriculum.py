"""Easy problems first: each epoch is ordered by how often the policy solved a prompt last time.

A prompt is served once in an epoch, so its pass rate can only change the next one, and the order of
an epoch follows from what was known when it began. That much is kept in a checkpoint, and a resumed
run serves what the uninterrupted one would have. Curriculum learning: Bengio et al. 2009.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from trl.trainer.utils import RepeatSampler

from whetstone.finetuning.config.schema import CurriculumConfig


class ResumableSampler(RepeatSampler):
    """RepeatSampler whose order follows from its seed and the epoch alone."""

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch; accelerate calls this, also when it then skips batches."""
        if self.shuffle:
            self.generator.manual_seed(self.seed + epoch)


ROW = "curriculum_row"
"""The data set's column that says which prompt a row is."""


class PassRates:
    """What is known of each prompt: the share of completions that passed on its last visit."""

    def __init__(self, config: CurriculumConfig, known: Sequence[float | None]) -> None:
        self._config = config
        self._rates = list(known)
        self._epoch = 0
        self._at_start = list(known)

    def record(self, rows: Sequence[int], scores: Sequence[float]) -> None:
        """Take over the scores of a batch; NaN was not judged."""
        passed = defaultdict(list)
        for row, score in zip(rows, scores, strict=True):
            if score == score:  # noqa: PLR0124 - not NaN
                passed[row].append(score >= self._config.pass_reward)
        for row, outcomes in passed.items():
            self._rates[row] = sum(outcomes) / len(outcomes)

    def order(self, epoch: int, seed: int) -> list[int]:
        """Return the rows of an epoch: bucket after bucket, random within each."""
        if epoch != self._epoch:
            self._epoch, self._at_start = epoch, list(self._rates)
        generator = torch.Generator().manual_seed(seed + epoch)
        shuffled: list[int] = torch.randperm(len(self._rates), generator=generator).tolist()
        return sorted(shuffled, key=self._bucket)  # stable: the shuffle stays within a bucket

    def _bucket(self, row: int) -> int:
        rate, bounds = self._at_start[row], self._config.buckets
        if rate is None:
            return len(bounds) // 2  # neither easy nor hard until it is measured
        return sum(rate < bound for bound in bounds)

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return {"epoch": self._epoch, "at_start": self._at_start, "rates": self._rates}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what a checkpoint knew."""
        self._epoch, self._at_start = state["epoch"], state["at_start"]
        self._rates = state["rates"]


class CurriculumSampler(ResumableSampler):
    """ResumableSampler in the order of the pass rates; built with `shuffle=False`."""

    def __init__(self, rates: PassRates, **settings: Any) -> None:
        super().__init__(**settings, shuffle=False)
        self._rates = rates
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Yield row numbers, repeated as TRL wants them."""
        order = self._rates.order(self._epoch, self.seed or 0)
        return (order[index] for index in super().__iter__())


def first_rates(config: CurriculumConfig, dataset: Any) -> list[float | None]:
    """Return what the data says about its prompts: a column of it, or nothing."""
    if config.column is None:
        return [None] * len(dataset)
    return [None if rate is None else float(rate) for rate in dataset[config.column]]
