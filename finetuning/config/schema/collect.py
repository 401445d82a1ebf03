"""What a stage collects instead of training: one class for each kind of data set."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from whetstone.finetuning.config.schema.base import PathOrName, Section
from whetstone.finetuning.config.schema.sampling import SamplingConfig

Share = Annotated[float, Field(ge=0, lt=1)]


class BaseCollect(SamplingConfig):
    """Samples of the model on the prompts of the data: the base that the others are made from."""

    name: Literal["base"]
    samples: PositiveInt
    """Completions for each prompt; equal ones are kept once, with their number."""
    packages: list[str]
    """Installed packages that programs and tests may import; as the reward's, unless it is said."""
    batch_size: PositiveInt
    """Prompts that are sampled at a time: what a kill can cost."""
    validation_share: Share
    """Share of the prompts whose rows are in validation.jsonl; no prompt is in both."""


class PairsCollect(Section):
    """Pairs for DPO and reward models: two completions of a prompt, one with more reward."""

    name: Literal["dpo"]
    base: PathOrName
    """The base data set: a folder of `collect=base`, or `stage:NAME` in a pipeline."""
    pairs_per_prompt: PositiveInt
    """The pairs furthest apart come first."""
    min_margin: NonNegativeFloat
    """Pairs whose rewards differ by no more than this are left out."""
    use_reference: bool
    """The reference solution is a candidate like the model's own completions."""
    batch_size: PositiveInt
    """Prompts that are judged at a time."""
    validation_share: Share


class LabelsCollect(Section):
    """Completions called good or bad, for KTO."""

    name: Literal["kto"]
    base: PathOrName
    """The base data set: a folder of `collect=base`, or `stage:NAME` in a pipeline."""
    threshold: float
    """A reward of at least this is good."""
    use_reference: bool
    batch_size: PositiveInt
    validation_share: Share


class DemonstrationsCollect(Section):
    """Completions worth imitating, for supervised training: those with enough reward."""

    name: Literal["sft"]
    base: PathOrName
    """The base data set: a folder of `collect=base`, or `stage:NAME` in a pipeline."""
    threshold: float
    """A reward of at least this is imitated."""
    per_prompt: PositiveInt
    """The best so many of each prompt."""
    use_reference: bool
    batch_size: PositiveInt
    validation_share: Share


CollectConfig = Annotated[
    BaseCollect | PairsCollect | LabelsCollect | DemonstrationsCollect,
    Field(discriminator="name"),
]
