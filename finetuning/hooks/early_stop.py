"""Ends training early when a guard says so; the run then goes on to merge and evaluate."""

from typing import Any

from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetuning.config.schema import EarlyStopConfig
from finetuning.config.suggest import did_you_mean
from finetuning.hooks.guards import Guards
from finetuning.report.console import tell


class EarlyStopCallback(TrainerCallback):
    """Shows every log row to the guards.

    It keeps no state of its own in checkpoints: they hold the rows, and the rows decide.
    """

    def __init__(self, config: EarlyStopConfig, watch_metric: str | None, console: Console) -> None:
        self._config = config
        self._watch_metric = watch_metric
        self._console = console
        self._guards = self._fresh()

    def is_over(self, state: TrainerState) -> bool:
        """Tell whether training had been stopped when this checkpoint was written."""
        return self._fresh().replay(state.log_history) is not None

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Come to where the checkpoint was."""
        self._guards = self._fresh()
        self._guards.replay(state.log_history)

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Stop after this step, with a checkpoint of it."""
        if self._guards.stop is not None:
            return
        stop = self._guards.see(logs or {}, state.global_step)
        if stop is None:
            return
        control.should_training_stop = control.should_save = True
        if state.is_world_process_zero:
            tell(self._console, f"Training stops at step {stop.step}: {stop.reason}.")
            tell(self._console, f"What to do: {stop.remedy}.")

    def on_train_end(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Say so when the metric that was asked for does not exist: nobody watched it."""
        logged = {name for row in state.log_history for name in row}
        metric = self._config.metric
        if metric is None or metric in logged or not state.is_world_process_zero:
            return
        tell(
            self._console,
            f"hooks.early_stop.metric={metric} was never logged, so it stopped nothing; "
            f"{did_you_mean(metric, logged)}",
        )

    def _fresh(self) -> Guards:
        return Guards(self._config, self._watch_metric)
