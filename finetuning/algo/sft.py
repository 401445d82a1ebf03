"""Supervised fine-tuning: next-token loss on completion tokens."""

from typing import Any

from trl import SFTConfig, SFTTrainer

from whetstone.finetuning.algo.base import Parts, build_arguments
from whetstone.finetuning.algo.offline import OfflineTrainer, build_offline
from whetstone.finetuning.algo.seq2seq import build_seq2seq


class WhetstoneSFTTrainer(OfflineTrainer, SFTTrainer):
    """trl.SFTTrainer with our clock, run folder and held-out rows."""


def sft_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> SFTConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return build_arguments(SFTConfig, {**arguments, "completion_only_loss": True})


def build_sft(parts: Parts, arguments: SFTConfig) -> Any:
    """Return the trainer: TRL's for a decoder, transformers' for an encoder-decoder."""
    if parts.policy.model.config.is_encoder_decoder:
        return build_seq2seq(parts, arguments)
    return build_offline(WhetstoneSFTTrainer, parts, arguments, peft_config=parts.peft_config)


def pretrain_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> SFTConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return build_arguments(SFTConfig, {**arguments, "completion_only_loss": False})


def build_pretrain(parts: Parts, arguments: SFTConfig) -> WhetstoneSFTTrainer:
    """Return the trainer."""
    trainer: WhetstoneSFTTrainer = build_offline(
        WhetstoneSFTTrainer, parts, arguments, peft_config=parts.peft_config
    )
    return trainer
