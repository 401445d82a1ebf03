"""Pretraining: next-token loss on every token of a text, from scratch or continued."""

from typing import Any

from trl import SFTConfig

from finetuning.algo.base import Parts, build_arguments
from finetuning.algo.offline import build_offline
from finetuning.algo.sft import WhetstoneSFTTrainer


def pretrain_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> SFTConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return build_arguments(SFTConfig, {**arguments, "completion_only_loss": False})


def build_pretrain(parts: Parts, arguments: SFTConfig) -> WhetstoneSFTTrainer:
    """Return the trainer."""
    trainer: WhetstoneSFTTrainer = build_offline(
        WhetstoneSFTTrainer, parts, arguments, peft_config=parts.peft_config
    )
    return trainer
