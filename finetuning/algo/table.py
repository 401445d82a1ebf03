"""The algorithms: who builds the trainer of each.

What they train on is in `whetstone.finetuning.formats`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import Trainer

from whetstone.finetuning.algo.base import Parts
from whetstone.finetuning.algo.dpo import build_dpo, dpo_arguments
from whetstone.finetuning.algo.grpo import build_grpo, grpo_arguments
from whetstone.finetuning.algo.kto import build_kto, kto_arguments
from whetstone.finetuning.algo.ppo import build_ppo, ppo_arguments
from whetstone.finetuning.algo.reward import build_reward, reward_arguments
from whetstone.finetuning.algo.rfai import build_rfai, rfai_arguments
from whetstone.finetuning.algo.rloo import build_rloo, rloo_arguments
from whetstone.finetuning.algo.sft import (
    build_pretrain,
    build_sft,
    pretrain_arguments,
    sft_arguments,
)


@dataclass(frozen=True)
class Algorithm:
    """One row of the table."""

    arguments: Callable[[dict[str, Any], list[float]], Any]
    """TRL's config object from the user's arguments and the rewards' weights."""
    build: Callable[[Parts, Any], Trainer]
    makes_policy: bool = True
    """Whether it leaves a model that writes, which the next stage may start from."""


ALGORITHMS: dict[str, Algorithm] = {
    "sft": Algorithm(sft_arguments, build_sft),
    "grpo": Algorithm(grpo_arguments, build_grpo),
    "rloo": Algorithm(rloo_arguments, build_rloo),
    "rfai": Algorithm(rfai_arguments, build_rfai),
    "ppo": Algorithm(ppo_arguments, build_ppo),
    "pretrain": Algorithm(pretrain_arguments, build_pretrain),
    "dpo": Algorithm(dpo_arguments, build_dpo),
    "kto": Algorithm(kto_arguments, build_kto),
    "reward": Algorithm(reward_arguments, build_reward, makes_policy=False),
}
