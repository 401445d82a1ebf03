"""What `whetstone merge`, `generate`, `publish` and `evaluate` take: one class for each."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, StrictBool

from whetstone.finetuning.config.schema.base import (
    PathOrName,
    PublishedWindow,
    Section,
    UserPath,
)
from whetstone.finetuning.config.schema.engines import OwnEngine
from whetstone.finetuning.config.schema.sampling import SamplingConfig, TaskSamplingConfig


class TestedDataSettings(Section):
    """A data set whose tests are run."""

    data: PathOrName
    """A JSONL file, a folder of `whetstone collect`, or a name: of a task, or in conf/data."""
    timeout_s: PositiveFloat
    """Seconds that a program may run, where its problem has no limit of its own."""
    memory_mb: PositiveInt
    """Megabytes of address space of a program."""
    packages: list[str]
    """Installed packages that programs and tests may import."""
    workers: PositiveInt | None
    """Server processes of the sandbox; null takes one per usable core."""
    limit: PositiveInt | None
    """Only the first problems; results speak of no others."""
    output: UserPath | None
    """The folder of the results; null: below `outputs`, named after the data."""
    outputs: UserPath


class AuditDataSettings(TestedDataSettings):
    """The tests of a data set, tried before a policy is."""

    tasks: list[PathOrName]
    """Evaluations that no problem may overlap with: eight words in a row."""
    mutants: NonNegativeInt
    """Of each reference: small mistakes that the tests should notice. 0: none."""


class StrengthenSettings(TestedDataSettings):
    """Tests added to a data set, where its own let mistakes pass."""

    mutants: PositiveInt
    """Of each reference: small mistakes, of which added tests notice some that were missed."""
    inputs: PositiveInt
    """Changed inputs of each problem whose tests miss some."""
    seed: NonNegativeInt
    """Decides how inputs are changed."""


class MergeSettings(Section):
    """An adapter folded into its base, behind the gate that a run's own merge passes."""

    adapter: UserPath
    """A folder in peft's layout, such as a run's adapter/."""
    base: PathOrName | None
    """A folder or a Hub id; null: the one that the adapter's own configuration names."""
    revision: str | None
    """Branch, tag or commit of a base on the Hub."""
    quantization: Literal["auto", "none", "nf4"]
    """How the base was held while the adapter was trained; `auto`: as the adapter's folder says,
    and where it says nothing (an adapter from elsewhere), not in 4 bits."""
    trust_remote_code: StrictBool
    out: UserPath | None
    """The folder of the merged model; null: the adapter's, with `-merged` after its name."""
    max_kl: PositiveFloat
    """As hooks.merge.max_kl: mean KL per token, in nats, where both models compute in float32."""
    max_kl_16bit: PositiveFloat
    """Likewise where one of them computes in 16 bits."""
    repo: str | None
    """OWNER/NAME: also show what would go on the Hub, as `whetstone publish model`; null: not."""
    license: str | None
    """The licence as the Hub names it; null: that of the base, where its card is here."""
    private: StrictBool
    push: StrictBool
    """Upload to `repo`."""


class GenerateSettings(SamplingConfig):
    """What a model writes after prompts, which are taken from the command line as they are."""

    model: PathOrName
    """A name from conf/model, a model's folder, a run's folder (its merged/), or a Hub id."""
    revision: str | None
    """Branch, tag or commit on the Hub."""
    trust_remote_code: StrictBool
    adapter: PathOrName | None
    """The folder or Hub id of a LoRA adapter of the model."""
    temperature: NonNegativeFloat
    """0: the most probable token each time."""
    stop: list[str]
    """Strings at which a completion is cut."""
    chat: StrictBool | None
    """Put the prompt into the tokenizer's chat template; null: where it has one."""
    seed: NonNegativeInt
    load_in_4bit: StrictBool
    """nf4 weights (bitsandbytes)."""
    device: Literal["auto", "cpu", "cuda", "mps"]
    dtype: Literal["auto", "float32", "bfloat16", "float16"]
    """`auto`: bfloat16 where the GPU has it, else float32."""
    rollout: Literal["auto", OwnEngine]
    """What samples; as backend.rollout: `auto` is mlx on an Apple GPU where it is installed."""


class PublishModelSettings(Section):
    """A run's model on the Hub."""

    run: UserPath
    """The folder of a finished run, or one that `whetstone merge` has written."""
    repo: str
    """OWNER/NAME."""
    epoch: PositiveInt | None
    """Publish merged-epoch-N (hooks.merge.each_epoch); null: the finished model."""
    adapter: StrictBool
    """Also the adapter, below adapter/, where one was trained."""
    mlx: StrictBool
    """Also the forms that `whetstone export mlx` has written of it."""
    base: PathOrName | None
    """The base's Hub id, for the card and the adapter; null: the id that the run began with."""
    license: str | None
    """The licence as the Hub names it; null: that of the base, where its card is here."""
    private: StrictBool
    push: StrictBool
    """Upload. If false, print what would be uploaded and contact no server."""


class PublishDatasetSettings(Section):
    """A collected data set on the Hub."""

    folder: UserPath
    """A folder that `whetstone collect` or a teacher has written: rows and their card."""
    repo: str
    """OWNER/NAME."""
    license: str | None
    """The licence as the Hub names it; null: the card says none."""
    private: StrictBool
    push: StrictBool
    """Upload. If false, print what would be uploaded and contact no server."""


class EvaluationConfig(TaskSamplingConfig):
    """One evaluation of one model."""

    model: PathOrName
    """A name from conf/model, a model's folder, a run's folder (its merged/), or a Hub id."""
    tasks: Annotated[list[PathOrName], Field(min_length=1)]
    """Tasks by name, or the paths of JSONL files."""
    output: UserPath | None
    """The folder of the results; null: below `outputs`, named after model and settings."""
    outputs: UserPath
    seed: NonNegativeInt
    window: PublishedWindow | None
    """FROM..TO, `2024-08..2025-02`: of tasks with dates (livecodebench) only the problems that were
    published within; null: all."""
    revision: str | None
    """Branch, tag or commit on the Hub."""
    trust_remote_code: StrictBool
    adapter: PathOrName | None
    """The folder or Hub id of a LoRA adapter of the model."""
    load_in_4bit: StrictBool
    """nf4 weights (bitsandbytes)."""
    load_in_8bit: StrictBool
    device: Literal["auto", "cpu", "cuda", "mps"]
    dtype: Literal["auto", "float32", "bfloat16", "float16"]
    """`auto`: bfloat16 where the GPU has it, else float32."""
    rollout: Literal["auto", OwnEngine]
    """What samples; as backend.rollout: `auto` is mlx on an Apple GPU where it is installed."""
    workers: PositiveInt | None
    """Processes that judge programs; null: one for each core."""
    packages: list[str]
    """Installed packages that programs and tests may import, by the names of their modules."""
    resamples: PositiveInt
    """Bootstrap draws behind each confidence interval."""
    confidence: Annotated[float, Field(gt=0, lt=1)]
    """The level of the confidence intervals."""
