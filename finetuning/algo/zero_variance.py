"""Leaves zero-variance groups out of the loss: rows with an advantage of zero cannot change it.

A group in which every completion has the same reward teaches nothing, and late in a run most groups
are like that. Where the loss is a sum over tokens divided by a number that was fixed for the whole
batch, such rows add exactly zero to it and to the gradient, and their forward and backward passes
are wasted. Refuses every setting in which they would count: a mean over rows, a KL term, an entropy
bonus, a router loss.

All ranks are left with equally many rows: TRL gathers figures of each row, and a rank without any
would have no backward pass for the others to wait for.
"""

from collections.abc import Callable
from typing import Any

import torch

# TRL divides these losses by `num_items_in_batch`, which is counted before we drop anything.
_SUMMED_LOSSES = frozenset({"cispo", "dapo", "vespo"})


def zero_rows_are_idle(trainer: Any) -> bool:
    """Tell whether rows of zero advantage add nothing to this trainer's loss."""
    return (
        trainer.loss_type in _SUMMED_LOSSES
        and trainer.beta == 0.0
        and trainer.top_entropy_quantile == 1.0
        and not trainer._entropy_bonus_enabled  # noqa: SLF001 - TRL has no public name for it
        and not trainer.aux_loss_enabled
    )


def rows_with_signal(inputs: dict[str, Any], agree: Callable[[int], int]) -> dict[str, Any]:
    """Return the batch without its rows of zero advantage, but for what `keep` adds.

    Args:
        inputs: TRL's batch; `advantages` has shape (B,) or (B, T).
        agree: the largest number of rows that a rank keeps, from this rank's.

    """
    advantages = inputs["advantages"]
    return keep(inputs, advantages.reshape(len(advantages), -1).ne(0).any(dim=1), agree)


def keep(
    inputs: dict[str, Any], wanted_B: torch.Tensor, agree: Callable[[int], int]
) -> dict[str, Any]:
    """Return the wanted rows, and of the others as many as the rank with most has more.

    Tensors of B rows are cut to the kept ones, all else is passed on. One row always stays.
    """
    rows = len(wanted_B)
    count = agree(max(1, int(wanted_B.sum())))
    if count == rows:
        return inputs
    kept = wanted_B.int().argsort(descending=True, stable=True)[:count]
    return {
        name: value[kept] if _has_rows(value, rows) else value for name, value in inputs.items()
    }


def _has_rows(value: Any, rows: int) -> bool:
    return isinstance(value, torch.Tensor) and value.dim() > 0 and len(value) == rows
