"""Compares the log-probabilities of sampler and trainer on the same tokens, in every batch.

Where completions come from another program, or from stale weights, training goes on without an
error, on probabilities that are not the policy's. So some completions of each batch go through the
trainer's own forward pass, right after they were sampled and before their rewards are paid for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from whetstone.finetuning.config.schema import ParityConfig
from whetstone.finetuning.errors import DisagreementError

MAX = "rollout/logp_diff_max"
MEAN = "rollout/logp_diff_mean"


@dataclass(frozen=True)
class Drawn:
    """Sampled completions of one batch, on one rank."""

    prompts: list[list[int]]
    completions: list[list[int]]
    logprobs: list[list[float]]


def some_rows(drawn: Drawn, rows: int | None) -> Drawn:
    """Return this many completions, spread over the batch; all of them for None."""
    total = len(drawn.completions)
    count = total if rows is None else min(rows, total)
    chosen = [number * total // count for number in range(count)]
    return Drawn(
        [drawn.prompts[row] for row in chosen],
        [drawn.completions[row] for row in chosen],
        [drawn.logprobs[row] for row in chosen],
    )


def differences(trainer: Any, drawn: Drawn) -> torch.Tensor:
    """Return |sampler's - trainer's log-probability| of each sampled token, shape (tokens,).

    The trainer's model predicts as it is sampled from: without dropout.
    """
    pad = trainer.processing_class.pad_token_id
    device = trainer.accelerator.device
    ids_B_T, mask_B_T = _side_by_side(drawn, pad)
    sampled_B_N, there_B_N = _right_padded(drawn.logprobs)
    model, training = trainer.model, trainer.model.training
    model.eval()
    try:
        with torch.no_grad():
            logps_B_N, _, _ = trainer._get_per_token_logps_and_entropies(  # noqa: SLF001 - TRL's
                model,
                ids_B_T.to(device),
                mask_B_T.to(device),
                sampled_B_N.shape[1],
                trainer.args.per_device_train_batch_size,
            )
    finally:
        model.train(training)
    apart_B_N = (logps_B_N.cpu().double() - sampled_B_N).abs()
    # vLLM gives none for tokens that it could not score.
    return apart_B_N[there_B_N & ~sampled_B_N.isnan()]


def check(found: tuple[float, float], wanted: ParityConfig, *, exact: bool) -> None:
    """Refuse to go on where the two are too far apart.

    Args:
        found: the largest and the mean difference, in nats.
        wanted: the bounds.
        exact: both compute in float32.

    Raises:
        DisagreementError: with what usually is the cause.

    """
    largest, mean = found
    value, bound = (
        (largest, wanted.max_difference) if exact else (mean, wanted.mean_difference_16bit)
    )
    if bound is None or value <= bound:
        return
    name = "max_difference" if exact else "mean_difference_16bit"
    raise DisagreementError(
        "Sampler and trainer disagree about the completions just sampled: their log-probabilities "
        f"differ by {largest:.3g} at most and {mean:.3g} on average (backend.parity.{name} allows "
        f"{bound:g}). Nothing was learned from these completions.\n"
        "What usually causes it: weights that were not copied to the sampler after a step; a "
        "rope_theta or rope scaling that the sampler did not take over; another temperature; with "
        "vLLM, top_p or top_k, which it counts in; another number format on one side "
        "(backend.dtype).\n"
        "backend.rollout=hf samples with the model under training itself. If the difference is "
        f"fine with you, raise backend.parity.{name}; null only logs it."
    )


def _side_by_side(drawn: Drawn, pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask: prompts padded on the left, completions on the right."""
    before = max(len(ids) for ids in drawn.prompts)
    after = max(len(ids) for ids in drawn.completions)
    ids_B_T = torch.full((len(drawn.prompts), before + after), pad)
    mask_B_T = torch.zeros_like(ids_B_T)
    rows = zip(drawn.prompts, drawn.completions, strict=True)
    for row, (prompt, completion) in enumerate(rows):
        place = slice(before - len(prompt), before + len(completion))
        ids_B_T[row, place] = torch.tensor([*prompt, *completion])
        mask_B_T[row, place] = 1
    return ids_B_T, mask_B_T


def _right_padded(rows: Sequence[list[float]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return values in double precision, and where there are any."""
    longest = max(len(row) for row in rows)
    values_B_N = torch.zeros((len(rows), longest), dtype=torch.float64)
    there_B_N = torch.zeros((len(rows), longest), dtype=torch.bool)
    for number, row in enumerate(rows):
        values = [float("nan") if value is None else value for value in row]
        values_B_N[number, : len(row)] = torch.tensor(values, dtype=torch.float64)
        there_B_N[number, : len(row)] = True
    return values_B_N, there_B_N
