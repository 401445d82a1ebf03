"""Trackers: what transformers reports to, and where their files go."""

import os
from pathlib import Path

from finetuning.config.schema import Config, WandbConfig
from finetuning.run_dir import run_id


def start_trackers(config: Config, folder: Path) -> list[str]:
    """Point the chosen trackers at the run's folder; return their names for `report_to`.

    transformers reads these places from the environment only.
    """
    for tracker in config.tracker.values():
        if isinstance(tracker, WandbConfig):
            os.environ["WANDB_PROJECT"] = tracker.project
            os.environ["WANDB_MODE"] = tracker.mode
            os.environ["WANDB_DIR"] = str(folder)
            # The same id on resume: one run of ours is one run there.
            os.environ["WANDB_RUN_ID"] = run_id(folder)
            os.environ["WANDB_RESUME"] = "allow"
            if tracker.entity:
                os.environ["WANDB_ENTITY"] = tracker.entity
        else:
            os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "tensorboard")
    return [tracker.name for tracker in config.tracker.values()]


def finish_trackers(config: Config) -> None:
    """Close the tracker's run, so that the next stage or the next point of a sweep has its own."""
    if any(isinstance(tracker, WandbConfig) for tracker in config.tracker.values()):
        import wandb  # noqa: PLC0415 - a second of import that only W&B users pay

        wandb.finish()
