"""Which weights, and which of them are trained."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from whetstone.finetuning.config.schema.base import PathOrName, Section


class LoraConfig(Section):
    """Low-rank adapters, as peft's LoraConfig names them (Hu et al. 2021)."""

    r: PositiveInt
    alpha: PositiveInt
    dropout: Annotated[float, Field(ge=0, lt=1)]
    """Algorithms that sample, DPO, KTO and reward models switch it off: they compare probabilities
    or scores of the same text (`algo.args.disable_dropout`)."""
    target_modules: str | list[str]
    """Names of the adapted projections, or `all-linear`."""


class ModelConfig(Section):
    """The policy: which weights, and which of them are trained."""

    name: str
    """Short name, used in the run's name."""
    path: PathOrName | None
    """A Hub id or a local folder. Null where an earlier stage of the pipeline makes the model."""
    revision: str | None
    """Branch, tag or commit on the Hub."""
    init: Literal["pretrained", "nano"]
    """Where `path` is null: `nano` builds the tiny Llama of finetuning/nano from the seed."""
    adapter: Literal["lora", "full"]
    """Train a LoRA adapter (merged at the end), or all weights."""
    lora: LoraConfig
    quantization: Literal["nf4"] | None
    """`nf4`: the base is held in 4 bits while its adapter is trained (QLoRA); null: as loaded."""
    trust_remote_code: bool
