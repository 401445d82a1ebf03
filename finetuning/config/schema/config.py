"""One run, or one stage of it: the parts put together."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, StrictBool

from whetstone.finetuning.config.schema.algo import AlgoConfig, OnlineConfig
from whetstone.finetuning.config.schema.base import Section
from whetstone.finetuning.config.schema.collect import BaseCollect, CollectConfig
from whetstone.finetuning.config.schema.data import DataConfig
from whetstone.finetuning.config.schema.hooks import HooksConfig
from whetstone.finetuning.config.schema.model import ModelConfig
from whetstone.finetuning.config.schema.run import BackendConfig, RunConfig, TrackerConfig
from whetstone.rewards.composition import imports_of
from whetstone.rewards.table import AnyRewardConfig


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
    collect: CollectConfig | None
    """Collect a data set with this model, data and reward instead of training; null: train."""
    backend: BackendConfig
    tracker: dict[str, TrackerConfig]
    hooks: HooksConfig
    pipeline: PipelineConfig

    @property
    def asks_rewards(self) -> bool:
        """Whether `reward` is read: completions are judged, to learn from them or to choose."""
        if self.collect is not None:
            return not isinstance(self.collect, BaseCollect)
        return isinstance(self.algo, OnlineConfig)

    @property
    def imports(self) -> frozenset[str] | None:
        """What tests can import, where a reward runs those of a row: every row must have some.

        None where no reward does. What a function of the user's reads is known only when it is
        imported.
        """
        return imports_of(self.reward.values())

    @property
    def trains_its_algorithm(self) -> bool:
        """Whether `algo` is read: by this, and not only by stages that choose their own."""
        stages = self.pipeline.stages.values()
        reads = any(stage.choose.keys().isdisjoint({"algo", "collect"}) for stage in stages)
        return self.collect is None and reads
