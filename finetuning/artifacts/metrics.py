"""Reads metrics.jsonl, which has one row for each log of the trainer: the one place that does.

A row holds `step` and whatever was logged then. A last line torn by a kill is left out; any other
line that cannot be read is refused by its number, because guessing around it would show figures
that nobody measured.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whetstone.evaluation.files import write_atomically
from whetstone.finetuning.errors import BrokenRunError

FILE = "metrics.jsonl"
UNJUDGED = "reward/unjudged"
"""Column: the share of a step's samples, 0 to 1, that were masked because a reward that must judge
could not. Logged by every algorithm that samples."""

Row = dict[str, Any]


def read_metrics(path: Path) -> list[Row]:
    """Return the rows of a metrics.jsonl; none where there is no such file.

    Raises:
        BrokenRunError: a whole line is no JSON object with a step.

    """
    lines = (read_text(path) or "").split("\n")
    whole = lines[:-1]  # every row was written with its newline
    return [_row(line, f"{path}, line {number}") for number, line in enumerate(whole, start=1)]


def write_metrics(path: Path, rows: Iterable[Row]) -> None:
    """Write the file anew, in one step."""
    write_atomically(path, "".join(map(_line, rows)))


def append_metrics(path: Path, row: Row) -> None:
    """Add a row."""
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(row))


def read_text(path: Path) -> str | None:
    """Return a file of a run as text, or None where there is none.

    Raises:
        BrokenRunError: it is no text.

    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise BrokenRunError(f"{path} is not UTF-8 text: {error}") from error


def _line(row: Row) -> str:
    return json.dumps(row) + "\n"


def _row(line: str, where: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BrokenRunError(f"{where} is not JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("step"), int):
        raise BrokenRunError(f"{where} has no whole number under `step`")
    return row
