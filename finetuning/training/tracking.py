"""Trackers: what transformers reports to, and where their files go."""

import os
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from whetstone.finetuning.config.schema import TensorboardConfig, TrackerConfig, WandbConfig

Trackers = Mapping[str, TrackerConfig]
_BOARD = "tensorboard"
"""The folder of TensorBoard's files in the run's."""


def start_trackers(trackers: Trackers, folder: Path, run_id: str) -> None:
    """Point the chosen trackers at the run's folder.

    transformers reads these places from the environment only. `run_id` is no other run's, and the
    same on resume: one run of ours is one run there.
    """
    for tracker in trackers.values():
        if isinstance(tracker, WandbConfig):
            os.environ["WANDB_PROJECT"] = tracker.project
            os.environ["WANDB_MODE"] = tracker.mode
            os.environ["WANDB_DIR"] = str(folder)
            os.environ["WANDB_RUN_ID"] = run_id
            os.environ["WANDB_RESUME"] = "allow"
            if tracker.entity:
                os.environ["WANDB_ENTITY"] = tracker.entity
        else:
            os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / _BOARD)


class Scalars:
    """Figures of our own in the trackers, under the very names that they are given.

    transformers puts `train/` before each name that it reports. Whoever opens this closes it;
    `write` may be called from several threads.
    """

    def __init__(self, trackers: Trackers, folder: Path) -> None:
        self._folder = folder
        kinds = {type(tracker) for tracker in trackers.values()}
        self._to_board, self._to_wandb = TensorboardConfig in kinds, WandbConfig in kinds
        self._board: Any = None
        self._writing = threading.Lock()

    def write(self, figures: Mapping[str, float], step: int) -> None:
        """Write to every tracker."""
        self.write_board(figures, step)
        if self._to_wandb:
            import wandb  # noqa: PLC0415 - a second of import that only W&B users pay

            run = wandb.run or wandb.init(dir=str(self._folder))
            run.log({**figures, "train/global_step": step})

    def write_board(self, figures: Mapping[str, float], step: int) -> None:
        """Write to TensorBoard alone; what W&B collects by itself is not for it."""
        if not self._to_board:
            return
        with self._writing:
            if self._board is None:  # a run without such figures has no file of them
                from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - likewise

                self._board = SummaryWriter(str(self._folder / _BOARD))
            for name, value in figures.items():
                self._board.add_scalar(name, value, step)
            self._board.flush()

    def close(self) -> None:
        """Close the file; W&B's run ends with the stage."""
        if self._board is not None:
            self._board.close()


def report_scores(
    trackers: Trackers, folder: Path, scores: Mapping[str, Mapping[str, float]], step: int
) -> None:
    """Log the scores of the finished model as `final_eval/TASK_MEASURE`.

    The trainer that logged to the trackers is gone by then, or was never built: a run that was
    killed in its last evaluation only finishes that.
    """
    figures = {
        f"final_eval/{task}_{measure}": value
        for task, measures in scores.items()
        for measure, value in measures.items()
    }
    if figures:
        with closing(Scalars(trackers, folder)) as scalars:
            scalars.write(figures, step)


def finish_trackers(trackers: Trackers) -> None:
    """Close the tracker's run, so that the next stage or the next point of a sweep has its own."""
    if any(isinstance(tracker, WandbConfig) for tracker in trackers.values()):
        import wandb  # noqa: PLC0415 - a second of import that only W&B users pay

        wandb.finish()
