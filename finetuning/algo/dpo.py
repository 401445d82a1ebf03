"""DPO: makes a preferred completion likelier than a rejected one, relative to where it started.

Rafailov et al. 2023 (arXiv 2305.18290); the loss and its variants are TRL's.
"""

from typing import Any

from trl import DPOConfig, DPOTrainer

from whetstone.finetuning.algo.base import Parts, build_arguments
from whetstone.finetuning.algo.offline import OfflineTrainer, build_offline, reference_of


class WhetstoneDPOTrainer(OfflineTrainer, DPOTrainer):
    """trl.DPOTrainer with our clock, run folder and held-out rows."""


def dpo_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> DPOConfig:
    """Return TRL's configuration."""
    return build_arguments(DPOConfig, arguments)


def build_dpo(parts: Parts, arguments: DPOConfig) -> WhetstoneDPOTrainer:
    """Return the trainer."""
    trainer: WhetstoneDPOTrainer = build_offline(
        WhetstoneDPOTrainer,
        parts,
        arguments,
        peft_config=parts.peft_config,
        ref_model=reference_of(parts, arguments),
    )
    return trainer
