"""A merged model at the end of each epoch, beside the adapter of that epoch."""

import shutil
from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.model.merge import REFUSED, UNCHECKED, Merger, refusal
from whetstone.finetuning.model.policy import Policy


class MergeEachEpochCallback(TrainerCallback):
    """Writes `merged-epoch-N`, and `adapter-epoch-N` beside it, whenever an epoch is complete.

    At the end of the epoch's last step, before its checkpoint: a run that is killed meanwhile does
    the step again, and this too.
    """

    def __init__(self, merger: Merger, tokenizer: Any, folder: Path, console: Console) -> None:
        self._merger = merger
        self._tokenizer = tokenizer
        self._folder = folder
        self._console = console

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Remove models of epochs that a kill undid."""
        for path in self._folder.glob("*-epoch-*"):
            number = path.name.removesuffix(REFUSED).removesuffix(UNCHECKED).rpartition("-")[2]
            if number.isdigit() and int(number) > (state.epoch or 0):
                shutil.rmtree(path)

    def on_step_end(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        model: Any = None,
        **_: Any,
    ) -> None:
        """Write the model of an epoch at its end."""
        epoch = float(state.epoch or 0)
        if not (state.is_world_process_zero and epoch.is_integer()):
            return
        target = self._folder / f"merged-epoch-{epoch:.0f}"
        adapter = self._folder / f"adapter-epoch-{epoch:.0f}"
        found = self._merger.write(Policy(model, self._tokenizer), target, adapter)
        if found and not found["passed"]:
            self._console.print(refusal(found, target), highlight=False, soft_wrap=True)
