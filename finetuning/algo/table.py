"""The algorithms: what each one trains on, and who builds its trainer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import Trainer

from finetuning.algo.base import Parts
from finetuning.algo.grpo import build_grpo, grpo_arguments
from finetuning.algo.sft import build_sft, sft_arguments
from finetuning.data.build import Need


@dataclass(frozen=True)
class Algorithm:
    """One row of the table."""

    need: Need
    arguments: Callable[[dict[str, Any], list[float]], Any]
    """TRL's config object from the user's arguments and the rewards' weights."""
    build: Callable[[Parts, Any], Trainer]


ALGORITHMS: dict[str, Algorithm] = {
    "sft": Algorithm(Need.COMPLETIONS, sft_arguments, build_sft),
    "grpo": Algorithm(Need.PROMPTS, grpo_arguments, build_grpo),
}
