"""One run, or one stage of it: the parts put together."""

from pydantic import NonNegativeInt, StrictBool

from finetuning.config.schema.algo import AlgoConfig
from finetuning.config.schema.algo_online import OnlineConfig
from finetuning.config.schema.collect import BaseCollect, CollectConfig
from finetuning.config.schema.data import DataConfig
from finetuning.config.schema.hooks import HooksConfig
from finetuning.config.schema.model import ModelConfig
from finetuning.config.schema.pipeline import PipelineConfig
from finetuning.config.schema.run import BackendConfig, RunConfig, TrackerConfig
from finetuning.config.schema.section import Section
from rewards.table import AnyRewardConfig


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
    def trains_its_algorithm(self) -> bool:
        """Whether `algo` is read: by this, and not only by stages that choose their own."""
        stages = self.pipeline.stages.values()
        reads = any(stage.choose.keys().isdisjoint({"algo", "collect"}) for stage in stages)
        return self.collect is None and reads
