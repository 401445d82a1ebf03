"""Dynamic sampling: zero-variance groups are skipped, or replaced by groups of other prompts.

When all completions of a prompt have the same reward there is nothing to compare. Late in a run
most groups are like that, and what a batch teaches shrinks with them. Dynamic sampling as in DAPO
(Yu et al. 2025, arXiv 2503.14476), bounded by a number of rounds.
"""

import random
from collections.abc import Callable
from typing import Any

import torch

from whetstone.finetuning.algo.online import OnlineTrainer
from whetstone.finetuning.algo.zero_variance import keep
from whetstone.finetuning.config.schema import DynamicSamplingConfig

SIGNAL = "has_signal"
SIGNAL_ROWS = "signal_rows"
"""Rows with signal in a micro-batch, on average over those of a generation on all ranks: what a
mean over rows is divided by, so that no row counts more for the company that it is in."""
EQUAL = 1e-6


class GroupTrainer(OnlineTrainer):
    """Mixed in before a TRL trainer that compares the completions of one prompt."""

    sampling: DynamicSamplingConfig

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        batch = self.rollout(inputs)
        if self.sampling.mode == "off" or not self.model.training:
            return batch
        signal_B = self._signal()
        first = signal_B.float().mean()
        rounds = self.sampling.rounds if self.sampling.mode == "resample" else 0
        for number in range(rounds):
            missing = self._most_missing(signal_B)
            if missing == 0:
                break
            other = self.rollout(self._other_prompts(inputs, missing, number))
            batch, signal_B = replace_groups(
                batch, signal_B, other, self._signal(), self.num_generations, self._pad_values()
            )
        self._log_signal(first, signal_B)
        return self._counting_only(batch, signal_B)

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        inputs: dict[str, Any] = super()._prepare_inputs(generation_batch)
        return only_with_signal(inputs, self.most) if SIGNAL in inputs else inputs

    def _signal(self) -> torch.Tensor:
        """Tell for each row of this rank whether the scores of its group differ."""
        groups_P_N = self.scores_G.view(-1, self.num_generations)
        highest_P = groups_P_N.nan_to_num(nan=-torch.inf).amax(1)
        lowest_P = groups_P_N.nan_to_num(nan=torch.inf).amin(1)
        differs_P = highest_P - lowest_P > EQUAL
        return self.mine(differs_P.repeat_interleave(self.num_generations))

    def _most_missing(self, signal_B: torch.Tensor) -> int:
        """Return how many groups lack signal on the rank that lacks most: all sample equally."""
        missing = (~signal_B).sum() // self.num_generations
        return int(self.accelerator.gather(missing[None]).max())

    def _other_prompts(
        self, inputs: list[dict[str, Any]], count: int, number: int
    ) -> list[dict[str, Any]]:
        """Return rows of prompts that are not in this batch, the same ones in a resumed run."""
        here = (self.args.seed, self.state.global_step, number, self.accelerator.process_index)
        prompts = {str(row["prompt"]) for row in inputs}
        order = list(range(len(self.train_dataset)))
        random.Random("/".join(map(str, here))).shuffle(order)
        found: list[dict[str, Any]] = []
        for row in map(self.train_dataset.__getitem__, order):
            if len(found) == count:
                break
            if str(row["prompt"]) not in prompts:
                found.append(row)
        found = found or [inputs[0]]  # a data set of one batch has no others
        chosen = [found[index % len(found)] for index in range(count)]
        return [row for row in chosen for _ in range(self.num_generations)]

    def _counting_only(self, batch: dict[str, Any], signal_B: torch.Tensor) -> dict[str, Any]:
        """Mark the rows with signal; count them and their tokens, which losses are divided by."""
        tokens = (batch["completion_mask"] * signal_B[:, None]).sum()
        tokens, rows = self.accelerator.reduce(torch.stack([tokens, signal_B.sum()]), "sum")
        parts = self.accelerator.num_processes * self.args.steps_per_generation
        counted = {"num_items_in_batch": tokens} if "num_items_in_batch" in batch else {}
        return {**batch, **counted, SIGNAL: signal_B, SIGNAL_ROWS: rows.clamp(min=1) / parts}

    def _log_signal(self, first: torch.Tensor, signal_B: torch.Tensor) -> None:
        metrics = self._metrics["train"]
        shares = torch.stack([first, signal_B.float().mean()])
        before, after = self.accelerator.reduce(shares, "mean").tolist()
        metrics["dynamic/signal_sampled"].append(before)
        metrics["dynamic/signal_trained"].append(after)

    def _pad_values(self) -> dict[str, int]:
        pad = self.processing_class.pad_token_id
        return {"prompt_ids": pad, "completion_ids": pad}


def replace_groups(
    batch: dict[str, Any],
    signal_B: torch.Tensor,
    other: dict[str, Any],
    other_signal_B: torch.Tensor,
    generations: int,
    pad_values: dict[str, int],
) -> tuple[dict[str, Any], torch.Tensor]:
    """Put groups of `other` that have signal in the place of groups of `batch` that have none.

    Args:
        batch: TRL's batch; tensors with a row per completion, prompts padded on the left and
            completions on the right. Groups of `generations` rows lie together.
        signal_B: which of its rows have signal.
        other: another such batch, of any number of groups.
        other_signal_B: which of its rows have signal.
        generations: rows of a group.
        pad_values: what a tensor is padded with, by name; 0 for the others.

    """
    rows = len(signal_B)
    empty = (~signal_B).nonzero()[::generations, 0].tolist()
    full = other_signal_B.nonzero()[::generations, 0].tolist()
    order = torch.arange(rows, device=signal_B.device)
    for place, source in zip(empty, full, strict=False):
        order[place : place + generations] = rows + source + torch.arange(generations)
    merged = {
        name: _stack(value, other[name], name.startswith("prompt"), pad_values.get(name, 0))[order]
        if isinstance(value, torch.Tensor) and value.dim()
        else value
        for name, value in batch.items()
    }
    return merged, torch.cat([signal_B, other_signal_B])[order]


def _stack(first: torch.Tensor, second: torch.Tensor, left: bool, value: int) -> torch.Tensor:
    """Concatenate rows of different lengths."""
    if first.dim() > 1:
        longest = max(first.shape[1], second.shape[1])
        first, second = (
            torch.nn.functional.pad(
                tensor,
                (longest - tensor.shape[1], 0) if left else (0, longest - tensor.shape[1]),
                value=value,
            )
            for tensor in (first, second)
        )
    return torch.cat([first, second])


def only_with_signal(inputs: dict[str, Any], agree: Callable[[int], int]) -> dict[str, Any]:
    """Return a micro-batch without the rows that teach nothing.

    Some stay where another rank has more rows (`signal.keep`). They have no advantage, and in GRPO,
    whose loss may hold a KL as well, no tokens.
    """
    others = {name: value for name, value in inputs.items() if name != SIGNAL}
    signal_B = inputs[SIGNAL]
    others["advantages"] = others["advantages"] * signal_B
    if "num_items_in_batch" in others:
        others["completion_mask"] = others["completion_mask"] * signal_B[:, None]
    return keep(others, signal_B, agree)
