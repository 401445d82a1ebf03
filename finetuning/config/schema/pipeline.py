"""Stages that follow each other."""

from typing import Annotated, Any, Literal

from pydantic import Field

from finetuning.config.schema.section import Section


class StageConfig(Section):
    """A stage of a pipeline: the run's configuration with other choices.

    A setting `stage:NAME` stands for what an earlier stage made: the folder of its model, or of its
    data where it collected some.
    """

    when: Literal["always", "without_model"]
    """`without_model`: only where `model.path` gives none to start from, as for the nano model."""

    choose: dict[str, str]
    """Config groups and options: `{algo: sft}`. A chosen group starts from its own values."""
    set: dict[str, Any]
    """Settings of this stage, stronger than the command line: `{model: {adapter: full}}`."""
    cache: bool
    """Keep the result in `run.cache` under the hash of its content, for all runs."""


class PipelineConfig(Section):
    """Stages one after the other.

    Each starts from the policy of the last stage before it that trained one: neither a stage that
    collects data nor one that trains a reward model makes a policy.
    """

    name: str
    stages: Annotated[dict[str, StageConfig], Field(min_length=1)]
