"""The one figure of a finished run that a sweep maximises, from its report.json."""

from typing import Any

HELD_OUT = "held_out"
"""The name under which figures of held-out rows stand beside those of tasks."""

Summary = dict[str, Any]
"""What report.json holds."""


def objective(summary: Summary) -> float | None:
    """Return the one figure a sweep maximises.

    pass@1 after training; else the last reward; else the accuracy on held-out pairs, or the
    negative loss on held-out rows.
    """
    for scores in summary["after"].values():
        if "pass@1" in scores:
            return float(scores["pass@1"])
    if summary["reward"]:
        return float(summary["reward"]["last"])
    held_out = summary["after"].get(HELD_OUT, {})
    if "accuracy" in held_out:
        return float(held_out["accuracy"])
    return -float(held_out["loss"]) if "loss" in held_out else None
