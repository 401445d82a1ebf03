"""The story of a run, top to bottom: data, rewards, model, trainer, hooks, training, report.

What a user can have got wrong is built first, before weights load. Each chapter leaves something
on disk, and a run that was killed begins at the first chapter that did not: an evaluation at its
next chunk, training at its last checkpoint.
"""

import gc
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from rich.console import Console
from transformers import PrinterCallback, TrainerState, set_seed

from finetuning.algo.base import CHECKPOINTS, Parts, common_arguments
from finetuning.algo.clock import StepClock
from finetuning.algo.table import ALGORITHMS, Algorithm
from finetuning.checkpoints import last_checkpoint
from finetuning.config import Config
from finetuning.data.build import Need, build_dataset, check_fills_a_batch
from finetuning.errors import ConfigError, Problem
from finetuning.hooks.metrics import MetricsCallback
from finetuning.hooks.progress import ProgressCallback
from finetuning.hooks.watch import WatchCallback
from finetuning.measure import Measure
from finetuning.model.adapter import adapter_config, merge_adapter, save_adapter
from finetuning.model.device import Device
from finetuning.model.policy import Policy, build_policy, load_policy, save_policy
from finetuning.quiet import quiet_libraries
from finetuning.run_dir import run_id
from finetuning.summary import Summary, summarize
from finetuning.tracking import finish_trackers, start_trackers
from rewards.base import Reward, RewardConfig

ADAPTER = "adapter"
MERGED = "merged"
"""The folder of the finished model: the adapter folded in, or the trained weights themselves."""


@dataclass(frozen=True)
class StageRun:
    """One stage as it is run: what to do, where, and who is told."""

    name: str
    config: Config
    folder: Path
    device: Device
    console: Console


@dataclass(frozen=True)
class Inputs:
    """What training needs besides the policy. Building it finds the user's mistakes."""

    algorithm: Algorithm
    arguments: Any
    """TRL's config object."""
    dataset: Dataset
    rewards: tuple[Reward, ...]
    weights: tuple[float, ...]


def run_stage(stage: StageRun) -> Summary:
    """Do one stage in its folder, or what an interrupted session left of it."""
    quiet_libraries()
    config, device = stage.config, stage.device
    stage.console.print(f"{config.algo.name} on {device.kind} ({device.reason})", highlight=False)
    with ExitStack() as opened:
        inputs = _prepare(stage, opened)
        measure = Measure(config, stage.folder / "eval", stage.console)
        merged = stage.folder / MERGED
        if not merged.is_dir():
            _until_merged(stage, inputs, measure, merged)
    gc.collect()  # the policy and its optimizer, before another copy of the weights is loaded
    before = measure.before(_measured_already)
    after = measure.after(lambda: load_policy(str(merged), device))
    return summarize(stage.folder, config.algo.name, config.model.name, (before, after), merged)


def _prepare(stage: StageRun, opened: ExitStack) -> Inputs:
    """Build everything that depends on settings and files and not on weights."""
    config = stage.config
    algorithm = ALGORITHMS[config.algo.name]
    specs = list(config.reward.values()) if algorithm.need is Need.PROMPTS else []
    rewards = [_build_reward(spec) for spec in specs]
    for reward in rewards:
        opened.callback(reward.close)
    weights = [spec.weight for spec in specs]
    arguments = algorithm.arguments(
        common_arguments(
            config.algo.args,
            stage.folder,
            stage.device,
            config.seed,
            [tracker.name for tracker in config.tracker.values()],
        ),
        weights,
    )
    needs_tests = any(spec.name == "execution" for spec in specs)
    dataset = build_dataset(config.data, algorithm.need, config.seed, needs_tests=needs_tests)
    check_fills_a_batch(len(dataset), arguments)
    return Inputs(algorithm, arguments, dataset, tuple(rewards), tuple(weights))


def check_rewards(config: Config) -> None:
    """Build the rewards once and let them go, so that a wrong one is known before any stage."""
    for spec in config.reward.values():
        _build_reward(spec).close()


def _build_reward(spec: RewardConfig) -> Reward:
    try:
        return spec.build()
    except ValueError as error:
        raise ConfigError([Problem(f"reward.{spec.name}", str(error))]) from error


def _measured_already() -> Policy:
    raise RuntimeError("the evaluation before training must have ended before the model was saved")


def _until_merged(stage: StageRun, inputs: Inputs, measure: Measure, merged: Path) -> None:
    """Measure the model as it is, train it, and leave the finished one."""
    config = stage.config
    policy = build_policy(config.model, stage.device, config.seed)
    measure.before(lambda: policy)
    start_trackers(config.tracker, stage.folder, run_id(stage.folder))
    trainer = _build_trainer(stage, inputs, policy, measure)
    _train(trainer, last_checkpoint(stage.folder / CHECKPOINTS), stage.console)
    finish_trackers(config.tracker)
    _save(stage, trainer, policy, merged)


def _build_trainer(stage: StageRun, inputs: Inputs, policy: Policy, measure: Measure) -> Any:
    config = stage.config
    watch: tuple[WatchCallback, ...] = ()
    if config.data.watch_task and config.hooks.watch.every_steps:
        look = measure.looker(config.data.watch_task, policy.tokenizer)
        every, task = config.hooks.watch.every_steps, config.data.watch_task
        watch = (WatchCallback(every, task, stage.folder / "eval" / "watch", look),)
    # Everything random from here on (adapter weights, data order) follows from this seed.
    set_seed(config.seed)
    stop = inputs.dataset[0].get("stop") or ()
    trainer = inputs.algorithm.build(
        Parts(
            policy=policy,
            dataset=inputs.dataset,
            peft_config=adapter_config(config.model),
            rewards=inputs.rewards,
            reward_weights=inputs.weights,
            callbacks=(
                MetricsCallback(stage.folder),
                *watch,
                ProgressCallback(stage.name, stage.console),
            ),
            clock=StepClock(),
            stop=tuple(stop),
        ),
        inputs.arguments,
    )
    trainer.remove_callback(PrinterCallback)
    for hook in watch:
        hook.attach(trainer)
    return trainer


def _train(trainer: Any, checkpoint: Path | None, console: Console) -> None:
    """Train from the last checkpoint, or from the start."""
    if checkpoint is None:
        trainer.train()
        return
    console.print(f"continuing from {checkpoint}", highlight=False)
    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    if state.global_step < state.max_steps:
        trainer.train(resume_from_checkpoint=str(checkpoint))
    else:
        # transformers would train one step more before it looked at the count.
        trainer._load_from_checkpoint(str(checkpoint))  # noqa: SLF001 - it has no public name


def _save(stage: StageRun, trainer: Any, policy: Policy, merged: Path) -> None:
    """Write the adapter, if there is one, and the finished model."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    settings = stage.config.model
    if settings.adapter == "lora" and settings.path:
        adapter = stage.folder / ADAPTER
        save_adapter(model, adapter, settings.path)
        save_policy(merge_adapter(adapter, settings), merged)
    else:
        save_policy(Policy(model, policy.tokenizer), merged)
