"""Where a run lives, what hardware it has and who is told about it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from finetuning.config.schema.section import Section


class RunConfig(Section):
    """Where the run lives and what happens when it was there before."""

    name: str | None
    """Folder below `outputs`; null: `{model}-{data}-{algo}` and a hash of what was changed."""
    outputs: Path
    """The folder that holds all runs."""
    cache: Path
    """The folder that holds stages which several runs share, such as the nano base model."""
    resume: bool
    """Continue an unfinished run of the same configuration (true), or start it again (false)."""


class BackendConfig(Section):
    """The hardware and the number format."""

    name: str
    device: Literal["auto", "cpu", "cuda"]
    dtype: Literal["auto", "float32", "bfloat16", "float16"]
    """`auto`: bfloat16 where the GPU has it, else float32."""


class TensorboardConfig(Section):
    """Event files in the run's folder."""

    name: Literal["tensorboard"]


class WandbConfig(Section):
    """Weights & Biases; `offline` writes to the run's folder for a later `wandb sync`."""

    name: Literal["wandb"]
    project: str
    entity: str | None
    mode: Literal["online", "offline"]


TrackerConfig = Annotated[TensorboardConfig | WandbConfig, Field(discriminator="name")]
