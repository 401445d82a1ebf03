"""The algorithms: what each one trains on, and who builds its trainer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import Trainer

from finetuning.algo.base import Parts
from finetuning.algo.grpo import build_grpo
from finetuning.algo.sft import build_sft
from finetuning.data.build import Need


@dataclass(frozen=True)
class Algorithm:
    """One row of the table."""

    need: Need
    build: Callable[[Parts, dict[str, Any]], Trainer]


ALGORITHMS: dict[str, Algorithm] = {
    "sft": Algorithm(Need.COMPLETIONS, build_sft),
    "grpo": Algorithm(Need.PROMPTS, build_grpo),
}
