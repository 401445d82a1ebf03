"""A base data set (`collect=base`), read back for what is derived from it."""

from pathlib import Path

from evaluation.lines import NotRow, numbered_lines, row_of
from finetuning.errors import ConfigError, Problem, RowProblem
from finetuning.rows.fields import Row
from finetuning.rows.read import TRAIN, VALIDATION

_NEEDED = frozenset({"prompt", "completion", "verdict"})


def is_of_base(row: Row) -> bool:
    """Tell whether a row is one of a base data set."""
    return row.keys() >= _NEEDED


def read_base(folder: Path) -> list[list[Row]]:
    """Return the rows of a base data set by prompt, in the order of its files.

    Raises:
        ConfigError: this is no base data set, or a file of it is broken.

    """
    groups: dict[str, list[Row]] = {}
    for name in (TRAIN, VALIDATION):
        path = folder / name
        for number, line in numbered_lines(path) if path.is_file() else ():
            try:
                row = row_of(line)
            except NotRow as error:
                reason = f"{error}; collect it again, or take the line out"
                raise ConfigError([RowProblem(f"{path}:{number}", reason)]) from error
            if not is_of_base(row):
                remedy = (
                    "its rows have no prompt, completion and verdict: give a collect=base folder"
                )
                raise ConfigError([Problem(f"collect.base={folder}", remedy)])
            groups.setdefault(row["prompt"], []).append(row)
    return list(groups.values())
