"""Where a run lives, what hardware it has and who is told about it."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from whetstone.finetuning.config.schema.base import Section, UserPath
from whetstone.finetuning.config.schema.engines import EngineName


class RunConfig(Section):
    """Where the run lives and what happens when it was there before."""

    name: str | None
    """Folder below `outputs`; null: `{model}-{data}-{algo}` and a hash of what was changed."""
    outputs: UserPath
    """The folder that holds all runs."""
    cache: UserPath
    """The folder that holds stages which several runs share, such as the nano base model."""
    resume: bool
    """Continue an unfinished run of the same configuration (true), or start it again (false)."""


class DeviceConfig(Section):
    """The hardware and the number format."""

    name: str
    device: Literal["auto", "cpu", "cuda", "mps"]
    """`mps` is the GPU of an Apple computer; `auto` takes a GPU where there is one."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"]
    """`auto`: bfloat16 where the GPU has it, else float32."""


class ParityConfig(Section):
    """Whether sampler and trainer agree on the probability of what was sampled.

    Differences are of log-probabilities of sampled tokens, in nats, and in absolute terms.
    """

    rows: PositiveInt | None
    """Completions of each batch that are compared; each costs a forward pass. Null: all."""
    max_difference: PositiveFloat | None
    """End the run where a token differs by more, in float32. Null: log it only."""
    mean_difference_16bit: PositiveFloat | None
    """End the run where tokens differ by more on average, where one of the two computes in 16 bits:
    single tokens then differ by chance. Null: log it only."""


class BackendConfig(DeviceConfig):
    """Where training computes, and where completions come from."""

    rollout: Literal["auto", EngineName]
    """`hf`: transformers; `mlx`: mlx-lm, for Apple's GPUs; `vllm`: vLLM beside the trainer on the
    same GPU; `vllm_server`: a server that was started with `trl vllm-serve`; `auto`: mlx on an
    Apple GPU where it is installed, else hf."""
    parity: ParityConfig


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
