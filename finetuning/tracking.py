"""Trackers: what transformers reports to, and where their files go."""

import os
from collections.abc import Mapping
from pathlib import Path

from finetuning.config.schema import TrackerConfig, WandbConfig

Trackers = Mapping[str, TrackerConfig]


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
            os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")


def finish_trackers(trackers: Trackers) -> None:
    """Close the tracker's run, so that the next stage or the next point of a sweep has its own."""
    if any(isinstance(tracker, WandbConfig) for tracker in trackers.values()):
        import wandb  # noqa: PLC0415 - a second of import that only W&B users pay

        wandb.finish()
