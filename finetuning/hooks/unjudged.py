"""Ends a run whose rewards cannot judge anything, before it spends hours on training nothing.

A sample that no reward could judge is masked. When that is all of them, step after step, the
sandbox or an API is down: the run leaves with exit code 3, and the same command continues it.
"""

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetuning.errors import OutsideError
from finetuning.hooks.guards import number
from finetuning.metrics import UNJUDGED


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
                "Mend it and give the same command: it continues from the last checkpoint, before "
                "this began. hooks.unjudged.patience=null trains on regardless."
            )
