"""The algorithms: one class each; what only TRL knows is in `args`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from finetuning.config.schema.algo_online import GrpoConfig, PpoConfig, RfaiConfig, RlooConfig
from finetuning.config.schema.offline import (
    DpoConfig,
    KtoConfig,
    PretrainConfig,
    RewardModelConfig,
)
from finetuning.config.schema.section import Section


class SftConfig(Section):
    """Supervised fine-tuning; the loss counts completion tokens only.

    A decoder learns through trl.SFTTrainer, an encoder-decoder through Seq2SeqTrainer.
    """

    name: Literal["sft"]
    args: dict[str, Any]
    """Arguments of trl.SFTConfig."""


AlgoConfig = Annotated[
    SftConfig
    | GrpoConfig
    | RlooConfig
    | RfaiConfig
    | PpoConfig
    | PretrainConfig
    | DpoConfig
    | KtoConfig
    | RewardModelConfig,
    Field(discriminator="name"),
]  # fmt: skip
