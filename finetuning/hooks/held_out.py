"""Held-out pass@1 while training goes on: the points of the learning curve that count."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.runtime.distributed import share

Measure = Callable[[Any, Path], dict[str, float]]
"""Takes the model under training and a folder, returns metrics such as `pass@1`."""


class WatchCallback(TrainerCallback):
    """Measures the policy at step 0, every N steps and at the end; logs `eval/TASK/METRIC`."""

    def __init__(self, every_steps: int, task: str, folder: Path, measure: Measure) -> None:
        self._every = every_steps
        self._task = task
        self._folder = folder
        self._measure = measure
        self._trainer: Any = None
        self._looked_at = -1

    def attach(self, trainer: Any) -> None:
        """Tell the hook whose log it writes to."""
        self._trainer = trainer

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Measure where the curve begins; forget looks at steps that a kill undid."""
        if state.is_world_process_zero:
            self._forget_after(state.global_step)
        if state.global_step == 0:
            self._look(state)

    def on_step_end(
        self, _args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Measure every N steps, and after the last one: it may be the finished model."""
        if state.global_step % self._every == 0 or control.should_training_stop:
            self._look(state)

    def on_log(
        self, _args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Measure when another hook has just stopped the training, before its checkpoint."""
        if control.should_training_stop and self._looked_at != state.global_step:
            self._look(state)

    def _look(self, state: TrainerState) -> None:
        self._looked_at = state.global_step
        folder = self._folder / f"step-{state.global_step}"
        model = self._trainer.model
        # Rank 0 looks, and every rank logs: hooks that decide must see the same everywhere.
        metrics = share(self._measure(model, folder) if state.is_world_process_zero else {})
        self._trainer.log_now(
            {f"eval/{self._task}/{name}": value for name, value in metrics.items()}
        )

    def _forget_after(self, step: int) -> None:
        for look in self._folder.glob("step-*"):
            if step == 0 or int(look.name.removeprefix("step-")) > step:
                shutil.rmtree(look)
