"""What rows must be together, as one may be right and all of them still not serve."""

from collections.abc import Iterator, Sequence
from typing import Any

from whetstone.finetuning.errors import Problem
from whetstone.finetuning.formats.fields import Row


def not_text(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield that prompts are conversations, which a base data set has no place for."""
    if any(not isinstance(row["prompt"], str) for row in rows):
        remedy = "collect=base samples on text, and these are lists of messages; give them as text"
        yield Problem("data: prompt", remedy)


def wrong_labels(labels: Sequence[bool]) -> Iterator[Problem]:
    """Yield why labels cannot be balanced: all are equal, so there is nothing to tell apart."""
    if len(set(labels)) == 1:
        only = str(labels[0]).lower()
        remedy = f"all {len(labels)} labels are {only}; KTO needs completions of both kinds"
        yield Problem("data: label", remedy)


def wrong_rates(column: str, rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield why a column has no pass rates to begin a curriculum with."""
    setting = f"algo.curriculum.column={column}"
    if column not in rows[0]:
        yield Problem(setting, f"the rows have no such field; they have {', '.join(rows[0])}")
    elif not all(_is_rate(row[column]) for row in rows):
        yield Problem(
            setting, "is not a pass rate in every row: expected a number from 0 to 1, or null"
        )


def too_few(rows: int, needed: int) -> Iterator[Problem]:
    """Yield that there are fewer prompts than one batch takes.

    TRL's sampler is empty then, and transformers ends the run as if it were done.
    """
    if rows < needed:
        yield Problem(
            f"data: {rows} prompts",
            f"a batch takes {needed} prompts (per_device_train_batch_size x steps_per_generation / "
            f"num_generations), and there are {rows}; add rows or lower algo.args."
            "per_device_train_batch_size",
        )


def _is_rate(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and 0 <= value <= 1)
