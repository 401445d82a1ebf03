"""GRPO: advantages are rewards relative to the group of completions of one prompt.

Shao et al. 2024 (arXiv 2402.03300); the loss and its variants are TRL's.
"""

from typing import Any

from trl import GRPOConfig, GRPOTrainer

from whetstone.finetuning.algo.base import Parts
from whetstone.finetuning.algo.dynamic import SIGNAL_ROWS, GroupTrainer
from whetstone.finetuning.algo.online import build_online, online_arguments
from whetstone.finetuning.algo.zero_variance import rows_with_signal, zero_rows_are_idle

_MEANS_OVER_ROWS = frozenset({"dr_grpo", "grpo", "luspo", "sapo"})


class WhetstoneGRPOTrainer(GroupTrainer, GRPOTrainer):
    """trl.GRPOTrainer with our sampler, clock and run folder; rows without signal are skipped.

    `entropy` and `clip_ratio/*` are then those of the rows that are trained on.
    """

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        batch = rows_with_signal(inputs, self.most) if zero_rows_are_idle(self) else inputs
        loss = super()._compute_loss(model, batch)
        if SIGNAL_ROWS in inputs and self.loss_type in _MEANS_OVER_ROWS:
            loss = loss * len(inputs["advantages"]) / inputs[SIGNAL_ROWS]
        return loss


def grpo_arguments(arguments: dict[str, Any], reward_weights: list[float]) -> GRPOConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return online_arguments(GRPOConfig, arguments, reward_weights)


def build_grpo(parts: Parts, arguments: GRPOConfig) -> WhetstoneGRPOTrainer:
    """Return the trainer."""
    trainer: WhetstoneGRPOTrainer = build_online(WhetstoneGRPOTrainer, parts, arguments)
    trainer.sampling = parts.settings.dynamic_sampling
    return trainer
