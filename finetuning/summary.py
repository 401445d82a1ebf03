"""report.json: the figures of a stage, read back from what it wrote."""

from pathlib import Path
from typing import Any

from finetuning.hooks.metrics import FILE, read_metrics

Metrics = dict[str, float]
Summary = dict[str, Any]
"""What report.json holds."""

_PARTS = ("total", "generate", "reward", "logps", "optimize")


def summarize(
    folder: Path,
    algo: str,
    model: str,
    scores: tuple[dict[str, Metrics], dict[str, Metrics]],
    model_folder: Path,
) -> Summary:
    """Return the report of a finished stage.

    `scores` are those before and after training. Seconds are those of the steps that count: what
    was undone by a kill is done again and counted once.
    """
    before, after = scores
    rows = read_metrics(folder / FILE)
    rewards = [row["reward"] for row in rows if row.get("reward") is not None]
    return {
        "name": folder.name,
        "status": "done",
        "algo": algo,
        "model": model,
        "before": before,
        "after": after,
        "reward": {"first": rewards[0], "last": rewards[-1]} if rewards else None,
        "seconds": {
            part: round(sum(row.get(f"seconds/{part}", 0.0) for row in rows), 3) for part in _PARTS
        },
        "model_folder": str(model_folder.resolve()),
    }


def objective(summary: Summary) -> float | None:
    """Return the one figure a sweep maximises: pass@1 after training, else the last reward."""
    for scores in summary["after"].values():
        if "pass@1" in scores:
            return float(scores["pass@1"])
    return summary["reward"]["last"] if summary["reward"] else None
