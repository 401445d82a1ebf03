"""Each group of completions with its scores and advantages, those of the run and those of now.

Scores are rounded to float32 as the trainer's were: the same judgement is the same number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from whetstone.evaluation.validate import Score
from whetstone.finetuning.algo.advantages import adds_other_terms, advantages, group_size
from whetstone.finetuning.algo.online import weighted_sum
from whetstone.finetuning.config.schema import OnlineConfig
from whetstone.finetuning.regrade.rows import JudgedBatch

_CLOSE = 1e-3
"""How far an advantage that is computed again may lie from the stored one: a GPU adds otherwise."""


@dataclass(frozen=True)
class Judged:
    """What one judge said of the completions of one batch."""

    rewards: torch.Tensor
    """Scores of B completions by F rewards, shape (B, F), float32; NaN where nothing was said."""
    weights: torch.Tensor
    """Shape (F,)."""

    @property
    def scores(self) -> torch.Tensor:
        """Weighted sums, shape (B,); NaN where nothing was judged."""
        return weighted_sum(self.rewards, self.weights)


@dataclass(frozen=True)
class JudgedGroup:
    """The completions of one prompt that were drawn together."""

    prompt: Any
    step: int
    completions: tuple[Any, ...]
    before: torch.Tensor
    """Sums of rewards of the N completions, shape (N,), as stored; NaN where not judged."""
    after: torch.Tensor
    """Likewise now."""
    advantages_before: tuple[float, ...]
    advantages_after: tuple[float, ...] | None
    """None where they cannot be known."""


class UnknownAdvantagesError(ValueError):
    """Advantages that do not follow from scores; the message says why."""


def stored_scores(batch: JudgedBatch, weights: Sequence[float]) -> Judged:
    """Return what the run's own rewards said."""
    return _judged([[*of_one] for of_one in batch.stored.scores], weights)


def new_scores(scores: Sequence[Score], names: Sequence[str], weights: Sequence[float]) -> Judged:
    """Return what rewards say now; nothing of a completion that one of them could not judge."""
    return _judged(
        [[None if s.total is None else s.rewards[name] for s in scores] for name in names], weights
    )


def moved_advantages(
    batch: JudgedBatch, before: Judged, after: Judged, settings: OnlineConfig
) -> tuple[float, ...]:
    """Return the advantages that the completions of a batch would have had.

    To the stored ones is added what the change of the scores makes: the same scores change nothing,
    and what else an advantage is made of stays.

    Raises:
        UnknownAdvantagesError: they do not follow from scores.

    """
    old = advantages(before.rewards, before.weights, settings)
    new = advantages(after.rewards, after.weights, settings)
    if old is None or new is None:
        raise UnknownAdvantagesError(
            "The algorithm's advantages do not follow from scores, so nothing is said of them."
        )
    stored = torch.tensor(batch.stored.advantages)
    same = torch.allclose(old, stored, rtol=_CLOSE, atol=_CLOSE)
    if not same and not adds_other_terms(settings):
        raise UnknownAdvantagesError(
            f"The advantages stored at step {batch.stored.step} are not those of its scores, "
            "so nothing is said of them."
        )
    change = (new.double() - old.double()).tolist()
    return tuple(was + by for was, by in zip(batch.stored.advantages, change, strict=True))


def groups_of(
    batch: JudgedBatch,
    before: Judged,
    after: Judged,
    moved: tuple[float, ...] | None,
    settings: OnlineConfig,
) -> Iterator[JudgedGroup]:
    """Cut a batch into its groups."""
    size, stored = group_size(settings), batch.stored
    for start in range(0, len(stored), size):
        part = slice(start, start + size)
        yield JudgedGroup(
            prompt=stored.prompts[start],
            step=stored.step,
            completions=stored.completions[part],
            before=before.scores[part],
            after=after.scores[part],
            advantages_before=stored.advantages[part],
            advantages_after=None if moved is None else moved[part],
        )


def _judged(scores_F_B: list[list[float | None]], weights: Sequence[float]) -> Judged:
    numbers = [[torch.nan if one is None else one for one in row] for row in scores_F_B]
    return Judged(
        torch.tensor(numbers, dtype=torch.float32).T, torch.tensor(weights, dtype=torch.float32)
    )
