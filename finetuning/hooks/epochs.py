"""Means over each epoch: single steps of an algorithm that samples are too noisy to compare.

They are computed from the log alone, which a checkpoint holds, so that a run that is continued
within an epoch comes to the same figures.
"""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.hooks.guards import number

_EPOCH = "epoch/"
_ROUNDING = 1e-6
"""An epoch is a sum of shares: the third may end at 2.9999999."""


class EpochMeansCallback(TrainerCallback):
    """Logs `epoch/COLUMN`, the mean over the rows of an epoch, when it ends, and prints it."""

    def __init__(self, columns: Sequence[str], console: Console) -> None:
        self._columns = tuple(columns)
        self._console = console
        self._trainer: Any = None

    def attach(self, trainer: Any) -> None:
        """Tell the hook whose log it writes to."""
        self._trainer = trainer

    def on_step_end(
        self, _args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Have the last step of an epoch logged, whatever `logging_steps` says."""
        control.should_log |= _is_last(state, control)

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Log the means after the row of the last step."""
        is_row = any(column in (logs or {}) for column in self._columns)
        if not is_row or not _is_last(state, control):
            return
        epoch = _epoch_of(state.epoch)
        rows = [row for row in state.log_history if _epoch_of(row.get("epoch")) == epoch]
        means = {
            f"{_EPOCH}{column}": fmean(values)
            for column in self._columns
            if (values := [v for row in rows if (v := number(row, column)) is not None])
        }
        self._trainer.log_now(dict(means))  # which adds to it
        if state.is_world_process_zero:
            told = ", ".join(f"{name[len(_EPOCH) :]} {mean:.3f}" for name, mean in means.items())
            self._console.print(f"epoch {epoch}: mean {told}", highlight=False)


def _is_last(state: TrainerState, control: TrainerControl) -> bool:
    """Tell whether an epoch ends with this step, or training within one."""
    is_whole = state.epoch is not None and abs(state.epoch - round(state.epoch)) < _ROUNDING
    return bool(is_whole or control.should_training_stop or state.global_step >= state.max_steps)


def _epoch_of(progress: float | None) -> int:
    """Return the number of the epoch, from 1, in which a step ended."""
    return math.ceil((progress or 0.0) - _ROUNDING)
