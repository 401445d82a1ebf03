"""Keeps the weights with the best held-out score: by task accuracy, and never by reward.

A reward can rise while the model gets worse at its task, so the best checkpoint by reward may be
the worst one. A score on held-out problems is honest, but on few problems it is noisy: the best of
many is partly luck. So the last weights are the finished model unless they score worse than the
best ones by more than `hooks.best.margin`.
"""

import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.evaluation.files import whole_folder
from whetstone.finetuning.hooks.guards import number

_PREFIX = "step-"


@dataclass(frozen=True)
class BestWeights:
    """The best held-out score and the last one, and whose weights became the finished model."""

    metric: str
    best_step: int
    best: float
    last_step: int
    last: float
    kept: Literal["best", "last"]


def choose(metric: str, margin: float, rows: Iterable[Mapping[str, Any]]) -> BestWeights | None:
    """Return which weights to keep, or None where nothing held out was measured.

    Args:
        metric: the held-out score, such as `eval/mbpp_validation/pass@1`; more is better.
        margin: how much worse the last score must be for the best weights to be kept.
        rows: log rows with their `step`.

    """
    scores = [(row["step"], value) for row in rows if (value := number(row, metric)) is not None]
    if not scores:
        return None
    best_step, best = max(scores, key=lambda score: score[1])  # of equal ones the first
    last_step, last = scores[-1]
    kept: Literal["best", "last"] = "best" if best - last > margin else "last"
    return BestWeights(metric, best_step, best, last_step, last, kept)


class KeepBestCallback(TrainerCallback):
    """Writes the weights of each held-out score that is the best so far to `best/step-N`.

    Those that a later score beat are removed with the next checkpoint, and not before: a run that
    is killed goes back to its checkpoint, and to what was the best then.
    """

    def __init__(self, metric: str, margin: float, folder: Path) -> None:
        self._metric = metric
        self._margin = margin
        self._folder = folder
        self._best = -math.inf

    def folder_of(self, choice: BestWeights) -> Path:
        """Return where the weights with the best held-out score are."""
        return self._folder / f"{_PREFIX}{choice.best_step}"

    def choose(self, state: TrainerState) -> BestWeights | None:
        """Return which weights to keep, by what was logged."""
        return choose(self._metric, self._margin, state.log_history)

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Come to where the checkpoint was."""
        choice = self.choose(state)
        self._best = choice.best if choice else -math.inf
        if state.is_world_process_zero:
            self._remove_all_but(choice)

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        logs: dict[str, Any] | None = None,
        model: Any = None,
        **_: Any,
    ) -> None:
        """Keep the weights of a look that beats all others."""
        value = number(logs or {}, self._metric)
        if value is None or not value > self._best:
            return
        self._best = value
        if state.is_world_process_zero:
            with whole_folder(self._folder / f"{_PREFIX}{state.global_step}") as draft:
                model.save_pretrained(draft)

    def on_save(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Remove what the checkpoint just written can no longer go back to."""
        if state.is_world_process_zero:
            self._remove_all_but(self.choose(state))

    def _remove_all_but(self, choice: BestWeights | None) -> None:
        kept = None if choice is None else self.folder_of(choice)
        for folder in self._folder.glob("*"):
            if folder != kept:
                shutil.rmtree(folder)
