"""metrics.jsonl: one row per log, without rows of steps that a kill undid."""

from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetuning.metrics import FILE, append_metrics, read_metrics, write_metrics


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
