"""What a stage needs besides its model. Building it finds mistakes before weights load."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets import Dataset
from rich.console import Console

from whetstone.finetuning.algo.base import common_arguments
from whetstone.finetuning.algo.table import ALGORITHMS, Algorithm
from whetstone.finetuning.config import Config
from whetstone.finetuning.config.schema import (
    GroupConfig,
    KtoConfig,
    OnlineConfig,
    RewardTrainingConfig,
)
from whetstone.finetuning.data.build import Data, build_data, check_fills_a_batch, what_is_made
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.formats.checks import wrong_labels, wrong_rates
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.mismatch import with_mismatches
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.policy import Policy
from whetstone.finetuning.report.console import working
from whetstone.finetuning.rollout.base import Engine
from whetstone.finetuning.rollout.engines import EngineChoice, build_engine, vllm_arguments
from whetstone.finetuning.training.empty_answers import check_nothing_passes
from whetstone.finetuning.training.rewards import (
    check_columns,
    open_rewards,
    prepare_rewards,
    tell_costs,
)
from whetstone.rewards.base import Costs, Reward
from whetstone.rewards.composition import RewardSet


@dataclass(frozen=True)
class StageRun:
    """One stage as it is run: what to do, where, and who is told."""

    name: str
    config: Config
    folder: Path
    device: Device
    rollout: EngineChoice
    console: Console

    def engine_for(self, policy: Policy) -> Engine:
        """Return what draws completions from a policy of this stage."""
        return build_engine(self.rollout, policy.model, policy.tokenizer, self.device)


@dataclass(frozen=True)
class Inputs:
    """What training needs besides the policy."""

    algorithm: Algorithm
    arguments: Any
    """TRL's config object."""
    data: Data
    rewards: RewardSet


def prepare(stage: StageRun, opened: ExitStack) -> Inputs:
    """Build everything that depends on settings and files and not on weights."""
    config = stage.config
    algorithm, need = ALGORITHMS[config.algo.name], config.algo.need
    specs = config.reward.values() if need is Need.PROMPTS else ()
    rewards = opened.enter_context(open_rewards(specs, stage.folder))
    arguments = algorithm.arguments(
        {
            **common_arguments(
                config.algo.args,
                stage.folder,
                stage.device,
                config.seed,
                [tracker.name for tracker in config.tracker.values()],
            ),
            # TRL loads the reference of whole weights itself.
            "trust_remote_code": config.model.trust_remote_code,
            **(vllm_arguments(stage.rollout) if specs else {}),
        },
        list(rewards.weights),
    )
    with working(stage.console, what_is_made(config.data, need)):
        data = build_data(config.data, need, config.seed, imports=config.imports if specs else None)
    if need is Need.REFERENCES and isinstance(config.algo, RewardTrainingConfig):
        strangers = with_mismatches(data.train.to_list(), config.algo.mismatched, config.seed)
        data = replace(data, train=Dataset.from_list(strangers))
    check_fills_a_batch(len(data.train), arguments)
    _check_together(config, data.train)
    check_nothing_passes(config.data, specs, data.train)
    check_columns(specs, data.train.column_names, data.train.__getitem__)
    columns = {name: data.train[name][:] for name in data.train.column_names}
    prepare_rewards(rewards.rewards, columns, stage.console)
    _tell_costs(rewards.rewards, data.train, arguments, _rounds(config.algo), stage.console)
    return Inputs(algorithm, arguments, data, rewards)


def _check_together(config: Config, dataset: Dataset) -> None:
    """Check labels and pass rates of data that the gate could not look into."""
    problems: list[Problem] = []
    if isinstance(config.algo, KtoConfig) and config.algo.balance:
        problems += wrong_labels(dataset["label"])
    if isinstance(config.algo, OnlineConfig) and config.algo.curriculum.column is not None:
        problems += wrong_rates(config.algo.curriculum.column, dataset.to_list())
    if problems:
        raise ConfigError(problems)


def _tell_costs(
    rewards: Sequence[Reward], dataset: Dataset, arguments: Any, rounds: int, console: Console
) -> None:
    """Say what a training run will cost: each batch, and the `rounds` that may be drawn again."""
    if not any(isinstance(reward, Costs) for reward in rewards):
        return
    batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    steps, group = arguments.max_steps, arguments.num_generations
    if steps < 0:
        steps = arguments.num_train_epochs * len(dataset) * group / batch
    # A completion that serves several optimizer steps is judged once.
    groups = math.ceil(steps * batch / arguments.num_iterations / group) * (1 + rounds)
    length = arguments.max_completion_length
    tell_costs(rewards, dataset["prompt"], (groups, group), length, console)


def _rounds(algo: Any) -> int:
    """Return how often a whole batch may be sampled again, at most."""
    again = isinstance(algo, GroupConfig) and algo.dynamic_sampling.mode == "resample"
    return algo.dynamic_sampling.rounds if again else 0
