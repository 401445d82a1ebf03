"""`whetstone evaluate`: what is measured, how, and with which weights."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, StrictBool

from finetuning.config.schema.section import PathOrName, Section, UserPath


class EvaluationConfig(Section):
    """One evaluation of one model."""

    model: PathOrName
    """A name from conf/model, a model's folder, a run's folder (its merged/), or a Hub id."""
    tasks: Annotated[list[PathOrName], Field(min_length=1)]
    """Tasks by name, or the paths of JSONL files."""
    output: UserPath | None
    """The folder of the results; null: below `outputs`, named after model and settings."""
    outputs: UserPath
    seed: NonNegativeInt
    limit: PositiveInt | None
    """Only the first problems of each task."""
    samples: PositiveInt
    """Completions for each problem."""
    greedy: StrictBool
    """Also one greedy completion for each problem: the accuracy."""
    k: list[PositiveInt]
    """The k of pass@k; those above `samples` are left out."""
    temperature: PositiveFloat
    top_p: Annotated[float, Field(gt=0, le=1)]
    top_k: NonNegativeInt
    """0: no limit."""
    max_new_tokens: PositiveInt
    """Of a completion; it also ends where the model's context does."""
    batch_size: PositiveInt
    """Completions generated at the same time."""
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
    rollout: Literal["auto", "hf", "mlx"]
    """What samples; as backend.rollout: `auto` is mlx on an Apple GPU where it is installed."""
    workers: PositiveInt | None
    """Processes that judge programs; null: one for each core."""
    resamples: PositiveInt
    """Bootstrap draws behind each confidence interval."""
    confidence: Annotated[float, Field(gt=0, lt=1)]
    """The level of the confidence intervals."""
