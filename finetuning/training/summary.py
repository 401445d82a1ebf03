"""report.json: the figures of a stage, read back from what it wrote."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from whetstone.finetuning.artifacts.metrics import FILE, read_metrics
from whetstone.finetuning.artifacts.objective import HELD_OUT, Summary
from whetstone.finetuning.config import Config
from whetstone.finetuning.config.goal import best_goal, watch_metric
from whetstone.finetuning.hooks.best import choose
from whetstone.finetuning.hooks.guards import Guards
from whetstone.finetuning.model.merge import read_found
from whetstone.rewards.teacher.ledger import read_spending

Metrics = dict[str, float]
_HELD_OUT_COLUMNS = {
    "loss": ("eval_loss",),
    "accuracy": ("eval_accuracy", "eval_rewards/accuracies"),
    "margin": ("eval_margin", "eval_rewards/margins"),
}
"""What is told of held-out rows, and what TRL's trainers call it."""

_PARTS = ("total", "generate", "reward", "logps", "optimize")


DONE = "done"
MERGE_REFUSED = "merge refused"


def summarize(
    config: Config,
    folder: Path,
    scores: tuple[dict[str, Metrics], dict[str, Metrics]],
    merged: Path,
) -> Summary:
    """Return the report of a finished stage.

    `scores` are those before and after training. Seconds are those of the steps that count: what
    was undone by a kill is done again and counted once. Why training ended early and which look
    was the best follow from the log, so that they are the same after a kill.
    """
    rows = read_metrics(folder / FILE)
    spent = read_spending(folder)
    goal = best_goal(config)
    best = choose(goal, rows) if goal else None
    kept_step = best.best_step if best and best.kept == "best" else None
    before, after = (
        {**figures, **held_out}
        for figures, held_out in zip(scores, held_out_figures(rows, kept_step), strict=True)
    )
    rewards = [row["reward"] for row in rows if row.get("reward") is not None]
    stop = Guards(config.hooks.early_stop, watch_metric(config)).replay(rows)
    return {
        "name": folder.name,
        "status": DONE if merged.is_dir() else MERGE_REFUSED,
        "algo": config.algo.name,
        "model": config.model.name,
        "before": before,
        "after": after,
        "reward": {"first": rewards[0], "last": rewards[-1]} if rewards else None,
        "steps": max((row["step"] for row in rows), default=0),
        "stopped_early": asdict(stop) if stop else None,
        "best": asdict(best) if best else None,
        "merge": read_found(merged),
        "seconds": {
            part: round(sum(row.get(f"seconds/{part}", 0.0) for row in rows), 3) for part in _PARTS
        },
        "model_folder": str(merged.resolve()) if merged.is_dir() else None,
        "teacher": None if spent is None else asdict(spent),
    }


def held_out_figures(
    rows: list[dict[str, Any]], kept_step: int | None
) -> tuple[dict[str, Metrics], dict[str, Metrics]]:
    """Return how the model did on held-out rows at first, and as it was kept; empty if unmeasured.

    `kept_step` is the step whose weights were kept; None: the last.
    """
    measured = {
        row["step"]: {
            name: row[column]
            for name, columns in _HELD_OUT_COLUMNS.items()
            for column in columns
            if row.get(column) is not None
        }
        for row in rows
        if "eval_loss" in row
    }
    if not measured:
        return {}, {}
    steps = [*measured]
    after = kept_step if kept_step in measured else steps[-1]
    return {HELD_OUT: measured[steps[0]]}, {HELD_OUT: measured[after]}
