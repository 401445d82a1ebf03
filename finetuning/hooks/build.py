"""The hooks of a run, in the order in which they hear of things."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from transformers import TrainerCallback, TrainerState

from whetstone.finetuning.config.goal import best_goal, watch_metric
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.hooks.best import KeepBestCallback
from whetstone.finetuning.hooks.custom import find_custom_hooks
from whetstone.finetuning.hooks.early_stop import EarlyStopCallback, UnjudgedCallback
from whetstone.finetuning.hooks.epochs import EpochMeansCallback
from whetstone.finetuning.hooks.held_out import Measure, WatchCallback
from whetstone.finetuning.hooks.merge import MergeEachEpochCallback
from whetstone.finetuning.hooks.metrics import MetricsCallback, NamesCallback
from whetstone.finetuning.hooks.progress import ProgressCallback
from whetstone.finetuning.hooks.system import SystemCallback
from whetstone.finetuning.model.merge import Merger


class FigureLog(Protocol):
    """Where figures go that the trainer does not log."""

    def write(self, figures: Mapping[str, float], step: int) -> None:
        """Write to every tracker."""

    def write_board(self, figures: Mapping[str, float], step: int) -> None:
        """Write to TensorBoard alone."""


BuildLook = Callable[[str, Callable[[str], None]], Measure]
"""Takes a task's name and whom to tell of progress, and returns the quick look at the task."""


@dataclass(frozen=True)
class Hooks:
    """What happens beside the training loop, and what the run asks of it afterwards."""

    callbacks: tuple[TrainerCallback, ...]
    early_stop: EarlyStopCallback
    best: KeepBestCallback | None
    watch: WatchCallback | None

    def attach(self, trainer: Any) -> None:
        """Tell those hooks that write to a log whose log it is."""
        for hook in self.callbacks:
            if isinstance(hook, WatchCallback | EpochMeansCallback):
                hook.attach(trainer)

    def close(self) -> None:
        """End what works in the background, also after an error."""
        for hook in self.callbacks:
            if isinstance(hook, SystemCallback):
                hook.close()

    def is_over(self, state: TrainerState) -> bool:
        """Tell whether a checkpoint is the end of its training."""
        return state.global_step >= state.max_steps or self.early_stop.is_over(state)

    def better_weights(self, state: TrainerState) -> Path | None:
        """Return the folder of the weights to take instead of the last ones, if there is one."""
        choice = self.best.choose(state) if self.best else None
        if self.best is None or choice is None or choice.kept == "last":
            return None
        return self.best.folder_of(choice)


def build_hooks(
    config: Config,
    stage: str,
    folder: Path,
    console: Console,
    build_look: BuildLook,
    merger: Merger,
    tokenizer: Any,
    checkpoints: Path,
    board: FigureLog,
    device: str,
) -> Hooks:
    """Build what the configuration asks for.

    The writer of metrics.jsonl is first, so that a look that another hook takes finds it begun;
    hooks that decide come before the look that may be the last one; the progress bar is last.
    """
    wanted, metric = config.hooks, watch_metric(config)
    early_stop = EarlyStopCallback(wanted.early_stop, metric, console)
    progress = ProgressCallback(stage, console)
    best = watch = None
    callbacks: list[TrainerCallback] = [MetricsCallback(folder)]
    if wanted.unjudged.patience is not None:
        callbacks.append(UnjudgedCallback(wanted.unjudged.patience))
    callbacks.append(early_stop)
    if goal := best_goal(config):
        best = KeepBestCallback(goal, folder / "best")
        callbacks.append(best)
    if metric is not None and config.data.watch_task:
        task = config.data.watch_task
        place = folder / "eval" / "watch"
        watch = WatchCallback(
            wanted.watch.every_steps, task, place, build_look(task, progress.doing)
        )
        callbacks.append(watch)
    if wanted.epoch_means:
        callbacks.append(EpochMeansCallback(wanted.epoch_means, console))
    if wanted.names:
        callbacks.append(NamesCallback(wanted.names, board.write))
    if wanted.system.enabled:
        callbacks.append(SystemCallback(wanted.system.every_s, device, board.write_board))
    if wanted.merge.each_epoch:
        callbacks.append(MergeEachEpochCallback(merger, tokenizer, folder, console))
    if wanted.export.mlx and config.algo.name != "reward":
        from whetstone.finetuning.hooks.export import ExportMLXCallback  # noqa: PLC0415 - an extra

        callbacks.append(ExportMLXCallback(tokenizer, folder / "mlx", checkpoints))
    callbacks += [make() for make in find_custom_hooks(wanted.custom)]
    callbacks.append(progress)
    return Hooks(tuple(callbacks), early_stop, best, watch)
