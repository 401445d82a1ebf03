"""Further names for what is logged, in the tracker: boards that were built elsewhere go on."""

from collections.abc import Callable, Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetuning.hooks.guards import number


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
