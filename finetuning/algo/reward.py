"""Reward model: a score for each completion, higher for the one that was preferred.

Freely combined: the loss is Bradley-Terry's (TRL's RewardTrainer), a margin ranking loss, or the
cross-entropy of a discriminator, which tells references from samples; the head is TRL's linear one
on a base that is trained as well, or a small MLP on a frozen base. `rewards/scorer.py` holds the
heads and how they are saved.
"""

from dataclasses import replace
from typing import Any

import torch
from torch.nn.functional import softplus
from trl import RewardConfig, RewardTrainer

from whetstone.finetuning.algo.base import Parts, build_arguments
from whetstone.finetuning.algo.offline import OfflineTrainer, build_offline


class BradleyTerryTrainer(OfflineTrainer, RewardTrainer):
    """trl.RewardTrainer with our clock, run folder and held-out rows."""


class HingeTrainer(BradleyTerryTrainer):
    """max(0, margin - (r_chosen - r_rejected)); the margin is the row's own or `self.margin`."""

    margin: float

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the hinge; TRL's own pass is what measures accuracy and margin."""
        margin = inputs.pop("margin", self.margin)
        _, outputs = super().compute_loss(
            model, inputs, return_outputs=True, num_items_in_batch=num_items_in_batch
        )
        chosen_B, rejected_B = outputs.logits.squeeze(-1).chunk(2)
        loss = torch.relu(margin - (chosen_B - rejected_B)).mean()
        if self.args.center_rewards_coefficient is not None:
            centre = (chosen_B + rejected_B).square().mean()
            loss = loss + self.args.center_rewards_coefficient * centre
        return (loss, outputs) if return_outputs else loss


class DiscriminatorTrainer(BradleyTerryTrainer):
    """Binary cross-entropy: `chosen` is what a person wrote, `rejected` what a model did.

    The accuracy is that of a classifier: the share of scores on the right side of 0.
    """

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the mean over both kinds; TRL's own pass is what measures the margin."""
        inputs.pop("margin", None)
        _, outputs = super().compute_loss(
            model, inputs, return_outputs=True, num_items_in_batch=num_items_in_batch
        )
        written_B, sampled_B = outputs.logits.squeeze(-1).chunk(2)
        loss = (softplus(-written_B).mean() + softplus(sampled_B).mean()) / 2
        right = ((written_B > 0).float().mean() + (sampled_B < 0).float().mean()) / 2
        mode = "train" if self.model.training else "eval"
        everywhere = self.accelerator.gather_for_metrics(right.detach()).mean().item()
        self._metrics[mode]["accuracy"][-1] = everywhere
        return (loss, outputs) if return_outputs else loss


_TRAINERS = {
    "bradley_terry": BradleyTerryTrainer,
    "hinge": HingeTrainer,
    "bce": DiscriminatorTrainer,
}


def reward_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> RewardConfig:
    """Return TRL's configuration."""
    return build_arguments(RewardConfig, arguments)


def build_reward(parts: Parts, arguments: RewardConfig) -> BradleyTerryTrainer:
    """Return the trainer; `parts.policy.model` scores sequences."""
    adapter = parts.peft_config
    if adapter is not None:
        # peft then trains the new head whole and keeps it with the adapter.
        adapter = replace(adapter, task_type="SEQ_CLS", modules_to_save=["score"])
    trainer: BradleyTerryTrainer = build_offline(
        _TRAINERS[parts.settings.loss], parts, arguments, peft_config=adapter
    )
    if isinstance(trainer, HingeTrainer):
        trainer.margin = parts.settings.margin
    return trainer
