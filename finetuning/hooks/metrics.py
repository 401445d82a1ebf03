"""Writes metrics.jsonl: one row per log, without rows of steps that a kill undid."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.artifacts.metrics import FILE, append_metrics, read_metrics, write_metrics
from whetstone.finetuning.hooks.guards import number


class MetricsCallback(TrainerCallback):
    """Appends every log of the trainer to the run's metrics.jsonl."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Drop the rows after the checkpoint that training resumes from; they come again."""
        if not state.is_world_process_zero:
            return
        # A fresh start keeps nothing: step 0 is also logged anew.
        kept = [row for row in read_metrics(self._path) if row["step"] <= state.global_step]
        rows = kept if state.global_step else []
        write_metrics(self._path, rows)

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Append one row."""
        if not state.is_world_process_zero or not logs:
            return
        row = {"step": state.global_step, **{key: _number(value) for key, value in logs.items()}}
        append_metrics(self._path, row)


def _number(value: Any) -> Any:
    """TRL logs some figures as text with a fixed number of digits."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


class NamesCallback(TrainerCallback):
    """Writes columns of metrics.jsonl to the tracker under names of the user's choice.

    Args:
        names: Name in the tracker to column.
        write: Takes figures by name, and the step.

    """

    def __init__(
        self, names: Mapping[str, str], write: Callable[[Mapping[str, float], int], None]
    ) -> None:
        self._names = dict(names)
        self._write = write

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Write what this row has of them."""
        if not state.is_world_process_zero:
            return
        figures = {
            name: value
            for name, column in self._names.items()
            if (value := number(logs or {}, column)) is not None
        }
        if figures:
            self._write(figures, state.global_step)
