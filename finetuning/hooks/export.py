"""Writes the MLX form of the policy beside each checkpoint: `mlx/step-N` in the run's folder.

Not inside `checkpoints/`, where transformers takes every `checkpoint-N*` for one of its own.
"""

import shutil
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.export.mlx import export_live

_PREFIX = "step-"


class ExportMLXCallback(TrainerCallback):
    """Follows the checkpoints: a new one gets its MLX form, with a removed one its form goes.

    Args:
        tokenizer: the policy's.
        folder: where the forms go.
        checkpoints: the folder whose `checkpoint-N` they belong to.

    """

    def __init__(self, tokenizer: Any, folder: Path, checkpoints: Path) -> None:
        self._tokenizer = tokenizer
        self._folder = folder
        self._checkpoints = checkpoints

    def on_save(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        model: Any = None,
        **_: Any,
    ) -> None:
        """Write what the checkpoint just written holds."""
        if not state.is_world_process_zero:
            return
        export_live(model, self._tokenizer, self._folder / f"{_PREFIX}{state.global_step}")
        for form in self._folder.glob(f"{_PREFIX}*"):
            step = form.name.removeprefix(_PREFIX)
            if not (self._checkpoints / f"checkpoint-{step}").is_dir():
                shutil.rmtree(form)
