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
    for tracker in trackers.values() if figures else ():
        if isinstance(tracker, WandbConfig):
            import wandb  # noqa: PLC0415 - a second of import that only W&B users pay

            run = wandb.run or wandb.init(dir=str(folder))
            run.log({**figures, "train/global_step": step})
        else:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - likewise

            with SummaryWriter(str(folder / "tensorboard")) as writer:
                for name, value in figures.items():
                    writer.add_scalar(name, value, step)


def finish_trackers(trackers: Trackers) -> None:
    """Close the tracker's run, so that the next stage or the next point of a sweep has its own."""
    if any(isinstance(tracker, WandbConfig) for tracker in trackers.values()):
        import wandb  # noqa: PLC0415 - a second of import that only W&B users pay

        wandb.finish()
