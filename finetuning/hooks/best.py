"""Keeps the weights with the best held-out figure: by tests or by held-out rows, never by reward.

A reward can rise while the model gets worse at its task, so the best checkpoint by reward may be
the worst one. A score on held-out problems is honest, but on few problems it is noisy: the best of
many is partly luck. So the last weights are the finished model unless they are worse than the best
ones by more than a margin (`whetstone.finetuning.config.goal`).
"""

import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.evaluation.files import whole_folder
from whetstone.finetuning.config.goal import Goal
from whetstone.finetuning.hooks.guards import number

_PREFIX = "step-"


@dataclass(frozen=True)
class BestWeights:
    """The best held-out figure and the last one, and whose weights became the finished model."""

    metric: str
    best_step: int
    best: float
    last_step: int
    last: float
    kept: Literal["best", "last"]


def choose(goal: Goal, rows: Iterable[Mapping[str, Any]]) -> BestWeights | None:
    """Return which weights to keep, or None where nothing held out was measured.

    Args:
        goal: the held-out figure, and how much worse the last one must be for the best weights to
            be kept.
        rows: log rows with their `step`.

    """
    metric = goal.metric
    scores = [(row["step"], value) for row in rows if (value := number(row, metric)) is not None]
    if not scores:
        return None
    best_step, best = max(scores, key=lambda score: goal.gain(score[1]))  # of equal ones the first
    last_step, last = scores[-1]
    lost = goal.gain(best) - goal.gain(last)
    kept: Literal["best", "last"] = "best" if lost > goal.margin else "last"
    return BestWeights(metric, best_step, best, last_step, last, kept)


class KeepBestCallback(TrainerCallback):
    """Writes the weights of each held-out figure that is the best so far to `best/step-N`.

    Those that a later score beat are removed with the next checkpoint, and not before: a run that
    is killed goes back to its checkpoint, and to what was the best then.
    """

    def __init__(self, goal: Goal, folder: Path) -> None:
        self._goal = goal
        self._folder = folder
        self._best = -math.inf

    def folder_of(self, choice: BestWeights) -> Path:
        """Return where the weights with the best held-out figure are."""
        return self._folder / f"{_PREFIX}{choice.best_step}"

    def choose(self, state: TrainerState) -> BestWeights | None:
        """Return which weights to keep, by what was logged."""
        return choose(self._goal, state.log_history)

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Come to where the checkpoint was."""
        choice = self.choose(state)
        self._best = self._goal.gain(choice.best) if choice else -math.inf
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
        value = number(logs or {}, self._goal.metric)
        if value is None or not self._goal.gain(value) > self._best:
            return
        self._best = self._goal.gain(value)
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
