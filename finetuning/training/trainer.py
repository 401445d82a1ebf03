"""Builds the trainer and runs it, from the last checkpoint where there is one."""

from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import PrinterCallback, TrainerState, set_seed

from whetstone.finetuning.algo.base import CHECKPOINTS, Parts
from whetstone.finetuning.algo.clock import StepClock
from whetstone.finetuning.hooks.build import Hooks
from whetstone.finetuning.model.adapter import adapter_config
from whetstone.finetuning.model.policy import Policy
from whetstone.finetuning.rollout.base import Engine
from whetstone.finetuning.training.prepare import Inputs, StageRun
from whetstone.rewards.base import RunStopped


def build_trainer(
    stage: StageRun, inputs: Inputs, policy: Policy, hooks: Hooks, engine: Engine | None
) -> Any:
    """Return the algorithm's trainer with the hooks of the run."""
    config = stage.config
    # Everything random from here on (adapter weights, data order) follows from this seed.
    set_seed(config.seed)
    stop = inputs.data.train[0].get("stop") or ()
    trainer = inputs.algorithm.build(
        Parts(
            policy=policy,
            dataset=inputs.data.train,
            peft_config=adapter_config(config.model),
            rewards=inputs.rewards.rewards,
            reward_weights=inputs.rewards.weights,
            callbacks=hooks.callbacks,
            clock=StepClock(),
            stop=tuple(stop),
            settings=config.algo,
            engine=engine,
            parity=config.backend.parity,
            held_out=inputs.data.held_out,
            held_out_every_steps=config.hooks.watch.every_steps,
        ),
        inputs.arguments,
    )
    trainer.remove_callback(PrinterCallback)
    hooks.attach(trainer)
    return trainer


def train(trainer: Any, hooks: Hooks, checkpoint: Path | None, console: Console) -> TrainerState:
    """Train from the last checkpoint, or from the start, and return where it ended.

    A reward that ends the run does so before the gradients of its step: what was learned until
    then is saved first.
    """
    try:
        return _train_from(trainer, hooks, checkpoint, console)
    except RunStopped:
        _save_checkpoint(trainer, console)
        raise


def _train_from(
    trainer: Any, hooks: Hooks, checkpoint: Path | None, console: Console
) -> TrainerState:
    if checkpoint is None:
        trainer.train()
        return trainer.state
    console.print(f"continuing from {checkpoint}", highlight=False)
    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    if hooks.is_over(state):
        # transformers would train one step more before it looked at the count.
        trainer._load_from_checkpoint(str(checkpoint))  # noqa: SLF001 - it has no public name
        return state
    trainer.train(resume_from_checkpoint=str(checkpoint))
    return trainer.state


def _save_checkpoint(trainer: Any, console: Console) -> None:
    """Save where the trainer stands, unless that is saved or others would have to take part."""
    step = trainer.state.global_step
    folder = Path(trainer.args.output_dir) / CHECKPOINTS / f"checkpoint-{step}"
    if step == 0 or folder.exists() or trainer.accelerator.num_processes > 1:
        return
    trainer._save_checkpoint(trainer.model, trial=None)  # noqa: SLF001 - it has no public name
    console.print(f"saved {folder}", highlight=False)
