"""The frozen schema of a run: names, types and meaning of every setting.

No field has a default here: each value has one home, a YAML in conf/. Unknown keys are errors,
also inside experiment files, where plain Hydra would accept them.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    StrictBool,
)

from rewards.table import AnyRewardConfig


class Section(BaseModel):
    """A part of the configuration: immutable, and closed against unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class LoraConfig(Section):
    """Low-rank adapters, as peft's LoraConfig names them (Hu et al. 2021)."""

    r: PositiveInt
    alpha: PositiveInt
    dropout: Annotated[float, Field(ge=0, lt=1)]
    target_modules: str | list[str]
    """Names of the adapted projections, or `all-linear`."""


class ModelConfig(Section):
    """The policy: which weights, and which of them are trained."""

    name: str
    """Short name, used in the run's name."""
    path: str | None
    """A Hub id or a local folder. Null where an earlier stage of the pipeline makes the model."""
    revision: str | None
    """Branch, tag or commit on the Hub."""
    init: Literal["pretrained", "nano"]
    """`pretrained` loads `path`; `nano` builds the tiny Llama of finetuning/nano from the seed."""
    adapter: Literal["lora", "full"]
    """Train a LoRA adapter (merged at the end), or all weights."""
    lora: LoraConfig
    trust_remote_code: bool


class NanoData(Section):
    """The nano world: short Python functions made from a seed."""

    name: Literal["nano"]
    corpus_size: PositiveInt
    """Rows of (prompt, imperfect solution) that supervised training sees."""
    train_problems: PositiveInt
    """Problems with tests that reinforcement learning sees."""
    eval_tasks: list[str]
    watch_task: str | None
    limit: PositiveInt | None


class MbppData(Section):
    """MBPP: 374 training problems with three tests each (Austin et al. 2021)."""

    name: Literal["mbpp"]
    split: Literal["train", "validation", "prompt"]
    eval_tasks: list[str]
    watch_task: str | None
    limit: PositiveInt | None


class HumanEvalData(Section):
    """HumanEval's 164 problems (Chen et al. 2021). Training on them spoils them as a measure."""

    name: Literal["humaneval"]
    eval_tasks: list[str]
    watch_task: str | None
    limit: PositiveInt | None


class JsonlData(Section):
    """The user's own rows: `prompt` and `tests` for RL, `prompt` and `completion` for SFT."""

    name: Literal["jsonl"]
    train: Path
    eval_tasks: list[str]
    """Other JSONL files, or tasks by name, that the model is measured on."""
    stop: list[str]
    """Strings at which a completion is cut, in training and in evaluation on JSONL files."""
    watch_task: str | None
    limit: PositiveInt | None


DataConfig = Annotated[NanoData | MbppData | HumanEvalData | JsonlData, Field(discriminator="name")]


class SftConfig(Section):
    """Supervised fine-tuning; the loss counts completion tokens only."""

    name: Literal["sft"]
    args: dict[str, Any]
    """Arguments of trl.SFTConfig."""


class GrpoConfig(Section):
    """Group relative policy optimisation (Shao et al. 2024)."""

    name: Literal["grpo"]
    args: dict[str, Any]
    """Arguments of trl.GRPOConfig."""


AlgoConfig = Annotated[SftConfig | GrpoConfig, Field(discriminator="name")]


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


class EvaluateConfig(Section):
    """pass@k before and after training."""

    tasks: list[str]
    """`nano`, `mbpp`, `humaneval`, or the path of a JSONL file; an empty list: no evaluation."""
    before: bool
    after: bool
    samples: PositiveInt
    """Completions for each problem."""
    greedy: bool
    """Also one greedy completion for each problem."""
    k: list[PositiveInt]
    """The k of pass@k; those above `samples` are left out."""
    temperature: PositiveFloat
    top_p: Annotated[float, Field(gt=0, le=1)]
    top_k: NonNegativeInt
    """0: no limit."""
    max_new_tokens: PositiveInt
    batch_size: PositiveInt
    """Completions generated at the same time."""
    limit: PositiveInt | None
    """Only the first problems of each task."""


class WatchConfig(Section):
    """A quick look at held-out problems while training goes on: the points of the curve."""

    every_steps: NonNegativeInt
    """0: never. Without a `data.watch_task` there is nothing to look at."""
    samples: PositiveInt
    limit: PositiveInt


class HooksConfig(Section):
    """What happens around training without being asked."""

    evaluate: EvaluateConfig
    watch: WatchConfig


class StageConfig(Section):
    """A stage of a pipeline: the run's configuration with other choices."""

    choose: dict[str, str]
    """Config groups and options: `{algo: sft}`. A chosen group starts from its own values."""
    set: dict[str, Any]
    """Settings of this stage, stronger than the command line: `{model: {adapter: full}}`."""
    cache: bool
    """Keep the result in `run.cache` under the hash of its content, for all runs."""


class PipelineConfig(Section):
    """Stages one after the other; each starts from the model of the one before."""

    name: str
    stages: Annotated[dict[str, StageConfig], Field(min_length=1)]


class Config(Section):
    """One run, or one stage of it."""

    seed: NonNegativeInt
    debug: StrictBool
    """Shrink everything (conf/debug.yaml) to a one-minute check of the whole path."""
    run: RunConfig
    model: ModelConfig
    data: DataConfig
    algo: AlgoConfig
    reward: dict[str, AnyRewardConfig]
    backend: BackendConfig
    tracker: dict[str, TrackerConfig]
    hooks: HooksConfig
    pipeline: PipelineConfig
