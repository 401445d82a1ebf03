"""The tests of a batch, out of the columns that hold them."""

from collections.abc import Mapping, Sequence
from typing import Any

from whetstone.rewards.sandbox import AnyTests
from whetstone.rewards.stdio.tests import WrongTestsError, as_text, read_tests

TOLD = ("checker", "tolerance", "timeout_s", "memory_mb")
"""Columns that say how tests of inputs and outputs are run; all may be missing, or null."""


def read_columns(
    tests: Sequence[str | Sequence[Mapping[str, Any]]] | None,
    entry_points: Sequence[Sequence[str] | None] | None,
    columns: Mapping[str, Any],
) -> list[AnyTests]:
    """Return the tests of each completion: Python source, or inputs and outputs.

    Args:
        tests: The column of tests.
        entry_points: The names that each program has to define.
        columns: All others; those in `TOLD` are read.

    Raises:
        ValueError: there is no such column, or tests of a row cannot judge a program.

    """
    if tests is None:
        raise ValueError(
            "the execution reward needs a dataset column `tests` (source of assert statements, of a"
            " check function and its call, or a list of inputs and outputs), and there is none: add"
            " the column, or map your own to it"
        )
    told = [columns.get(name) or [None] * len(tests) for name in TOLD]
    names = entry_points or [None] * len(tests)
    found: list[AnyTests] = []
    for row, (test, points, *how) in enumerate(zip(tests, names, *told, strict=True)):
        if not test or not as_text(test).strip():
            raise ValueError(
                f"column `tests` is empty in row {row} of the batch, so every program would pass:"
                " drop such rows from the dataset"
            )
        try:
            found.append(read_tests(as_text(test), tuple(points or ()), *how))
        except WrongTestsError as error:
            raise ValueError(f"column `tests`, row {row} of the batch: {error}") from error
    return found


def read_row(row: Mapping[str, Any]) -> AnyTests:
    """Return the tests of one row, which has some.

    Raises `WrongTestsError` where they cannot judge a program.
    """
    names = tuple(row.get("entry_points") or ())
    return read_tests(as_text(row["tests"]), names, *(row.get(name) for name in TOLD))


def sources(tests: Sequence[AnyTests]) -> list[str]:
    """Return the tests that are source, and nothing for the others, which call no name."""
    return [test if isinstance(test, str) else "" for test in tests]
