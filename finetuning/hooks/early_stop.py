"""Ends training early when a guard says so; the run then goes on to merge and evaluate."""

from typing import Any

from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.artifacts.metrics import UNJUDGED
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.schema import EarlyStopConfig
from whetstone.finetuning.errors import OutsideError
from whetstone.finetuning.hooks.guards import Guards, number
from whetstone.finetuning.report.console import tell


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


class UnjudgedCallback(TrainerCallback):
    """Counts logs without a single judged sample.

    While it counts, no checkpoint is written: the run continues from the last step that learned.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._in_a_row = 0

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Leave after too many.

        Raises:
            OutsideError: nothing was judged for `hooks.unjudged.patience` logs in a row.

        """
        share = number(logs or {}, UNJUDGED)
        if share is None:
            return
        self._in_a_row = self._in_a_row + 1 if share >= 1.0 else 0
        if self._in_a_row:
            control.should_save = False
        if self._in_a_row >= self._patience:
            raise OutsideError(
                f"Up to step {state.global_step}, {self._in_a_row} logs in a row had not one sample"
                " that a reward could judge, so nothing was learned from them: the sandbox or what "
                "a reward asks (an API, a server) does not work. Its warnings are above; "
                "execution/infra_error in metrics.jsonl counts what the sandbox could not run.\n"
                "Fix it and rerun the same command: it resumes from the last checkpoint before "
                "this began. hooks.unjudged.patience=null trains on regardless."
            )
