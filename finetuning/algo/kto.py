"""KTO: learns from single completions that are called good or bad.

Ethayarajh et al. 2024 (arXiv 2402.01306); the loss is TRL's. Its KL estimate pairs neighbours of a
batch, so batches keep the order of the rows, which the data room has shuffled.
"""

from collections.abc import Sequence
from typing import Any

from trl import KTOConfig, KTOTrainer

from whetstone.finetuning.algo.base import Parts, build_arguments
from whetstone.finetuning.algo.offline import OfflineTrainer, build_offline, reference_of
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.checks import wrong_labels


class WhetstoneKTOTrainer(OfflineTrainer, KTOTrainer):
    """trl.KTOTrainer with our clock, run folder and held-out rows."""


def kto_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> KTOConfig:
    """Return TRL's configuration."""
    return build_arguments(KTOConfig, arguments)


def build_kto(parts: Parts, arguments: KTOConfig) -> WhetstoneKTOTrainer:
    """Return the trainer."""
    if parts.settings.balance:
        weights = balanced_weights(parts.dataset["label"])
        arguments.desirable_weight, arguments.undesirable_weight = weights
    trainer: WhetstoneKTOTrainer = build_offline(
        WhetstoneKTOTrainer,
        parts,
        arguments,
        peft_config=parts.peft_config,
        ref_model=reference_of(parts, arguments),
    )
    return trainer


def balanced_weights(labels: Sequence[bool]) -> tuple[float, float]:
    """Return the weights of good and bad completions that make both count the same.

    The rarer kind is weighed up, the other has 1. Eq. (8) of the paper asks for a ratio between 1
    and 4/3 of what both weigh together; this is 1.

    Raises:
        ConfigError: all labels are equal, so there is nothing to tell apart.

    """
    if problems := [*wrong_labels(labels)]:
        raise ConfigError(problems)
    good = sum(labels)
    bad = len(labels) - good
    return max(1.0, bad / good), max(1.0, good / bad)
