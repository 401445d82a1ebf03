"""Held-out pass@1 while training goes on: the points of the learning curve that count."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

Measure = Callable[[Any, Path], dict[str, float]]
"""Takes the model under training and a folder, returns metrics such as `pass@1`."""


class WatchCallback(TrainerCallback):
    """Measures the policy at step 0 and every N steps, and logs `eval/TASK/METRIC`."""

    def __init__(self, every_steps: int, task: str, folder: Path, measure: Measure) -> None:
        self._every = every_steps
        self._task = task
        self._folder = folder
        self._measure = measure
        self._trainer: Any = None

    def attach(self, trainer: Any) -> None:
        """Tell the hook whose log it writes to."""
        self._trainer = trainer

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Measure where the curve begins; forget looks at steps that a kill undid."""
        for look in self._folder.glob("step-*"):
            if int(look.name.removeprefix("step-")) > state.global_step or state.global_step == 0:
                shutil.rmtree(look)
        if state.global_step == 0:
            self._look(state)

    def on_step_end(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Measure every N steps."""
        if state.global_step % self._every == 0:
            self._look(state)

    def _look(self, state: TrainerState) -> None:
        folder = self._folder / f"step-{state.global_step}"
        metrics = self._measure(self._trainer.model, folder)
        self._trainer.log_now(
            {f"eval/{self._task}/{name}": value for name, value in metrics.items()}
        )
