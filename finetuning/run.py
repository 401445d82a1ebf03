"""The story of a run, top to bottom: data, model, rewards, trainer, hooks, training, report.

Each chapter leaves something on disk, and a run that was killed begins at the first chapter that
did not: an evaluation at its next chunk, training at its last checkpoint.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import PrinterCallback, set_seed

from finetuning.algo.base import CHECKPOINTS, Parts, common_arguments
from finetuning.algo.clock import StepClock
from finetuning.algo.table import ALGORITHMS
from finetuning.checkpoints import last_checkpoint
from finetuning.config import Config
from finetuning.data.build import Need, build_dataset
from finetuning.hooks.metrics import MetricsCallback
from finetuning.hooks.progress import ProgressCallback
from finetuning.hooks.watch import WatchCallback
from finetuning.measure import Metrics, measure, watcher
from finetuning.model.adapter import adapter_config, merge_adapter, save_adapter
from finetuning.model.device import Device
from finetuning.model.policy import Policy, build_policy, load_policy, save_policy
from finetuning.quiet import quiet_libraries
from finetuning.report.evaluation import EvaluationProgress
from finetuning.summary import Summary, summarize
from finetuning.tracking import finish_trackers, start_trackers

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


def run_stage(stage: StageRun) -> Summary:
    """Do one stage in its folder, or what an interrupted session left of it."""
    quiet_libraries()
    config, device = stage.config, stage.device
    stage.console.print(f"{config.algo.name} on {device.kind} ({device.reason})", highlight=False)
    merged = stage.folder / MERGED
    if merged.is_dir():
        before = _evaluate(stage, "before", _never)
    else:
        policy = build_policy(config.model, device, config.seed)
        before = _evaluate(stage, "before", lambda: policy)
        _train(stage, policy, merged)
    after = _evaluate(stage, "after", lambda: load_policy(str(merged), device))
    return summarize(stage.folder, config, before, after, merged)


def _never() -> Policy:
    raise RuntimeError("the evaluation before training must have ended before the model was saved")


def _evaluate(stage: StageRun, when: str, policy: Callable[[], Policy]) -> dict[str, Metrics]:
    """Measure pass@k before or after training; figures that are on disk are taken from there."""
    wanted = stage.config.hooks.evaluate
    if not wanted.tasks or not getattr(wanted, when):
        return {}
    progress = EvaluationProgress(f"evaluation {when} training", stage.console)
    return measure(policy, stage.config, stage.folder / "eval" / when, progress)


def _train(stage: StageRun, policy: Policy, merged: Path) -> None:
    """Train from the last checkpoint, or from the start, and leave the finished model."""
    config = stage.config
    algorithm = ALGORITHMS[config.algo.name]
    arguments = common_arguments(
        config.algo.args,
        stage.folder,
        stage.device,
        config.seed,
        start_trackers(config, stage.folder),
    )
    specs = list(config.reward.values()) if algorithm.need is Need.PROMPTS else []
    with ExitStack() as rewards_open:
        rewards = [spec.build() for spec in specs]
        for reward in rewards:
            rewards_open.callback(reward.close)
        watch = _watch(stage, policy)
        # Everything random from here on (adapter weights, data order) follows from this seed.
        set_seed(config.seed)
        trainer = algorithm.build(
            Parts(
                policy=policy,
                dataset=build_dataset(config.data, algorithm.need, config.seed),
                peft_config=adapter_config(config.model),
                rewards=tuple(rewards),
                reward_weights=tuple(spec.weight for spec in specs),
                callbacks=(
                    MetricsCallback(stage.folder),
                    *watch,
                    ProgressCallback(stage.name, stage.console),
                ),
                clock=StepClock(),
            ),
            arguments,
        )
        trainer.remove_callback(PrinterCallback)
        for hook in watch:
            hook.attach(trainer)
        checkpoint = last_checkpoint(stage.folder / CHECKPOINTS)
        if checkpoint:
            stage.console.print(f"continuing from {checkpoint}", highlight=False)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    _save(stage, trainer, policy, merged)
    finish_trackers(config)


def _watch(stage: StageRun, policy: Policy) -> tuple[WatchCallback, ...]:
    task = stage.config.data.watch_task
    every = stage.config.hooks.watch.every_steps
    if not (task and every):
        return ()
    look = watcher(stage.config, policy.tokenizer, task)
    return (WatchCallback(every, task, stage.folder / "eval" / "watch", look),)


def _save(stage: StageRun, trainer: Any, policy: Policy, merged: Path) -> None:
    """Write the adapter, if there is one, and the finished model."""
    if not trainer.is_world_process_zero():
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    settings = stage.config.model
    if settings.adapter == "lora" and settings.path:
        adapter = stage.folder / ADAPTER
        save_adapter(model, adapter, settings.path)
        save_policy(merge_adapter(adapter, settings, stage.device), merged)
    else:
        save_policy(Policy(model, policy.tokenizer), merged)
