# ruff: noqa: N818 - these name what happened to the user, as the command's messages do.
"""What can go wrong in a measurement, apart from bugs.

Each error says what was looked for, where, and what to do. None of them is ever turned into a
score: a task without data, a damaged file or a changed setting stops the evaluation.
"""

from dataclasses import dataclass


class EvaluationError(Exception):
    """The common ancestor, for a command that prints the message and exits."""


class UnknownTask(EvaluationError):
    """A task was named that is not in the table."""


class DataUnavailable(EvaluationError):
    """A task's rows are neither in the data folder nor to be had from the Hub."""


class Unjudged(EvaluationError):
    """The sandbox failed on some programs. That says nothing about them, so there is no score."""


class ResumeRefused(EvaluationError):
    """The folder holds samples of another evaluation, or a damaged file.

    Mixing two settings in one file would give a number that belongs to neither.
    """


@dataclass(frozen=True, slots=True)
class BadRow:
    """One fault in a user's file; `line` counts from 1, `field` is `""` for the whole row."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {field}{self.message}"


class BadRows(EvaluationError):
    """Every fault of a user's file at once, so that it is corrected in one go."""

    def __init__(self, rows: tuple[BadRow, ...]) -> None:
        self.rows = rows
        listing = "\n".join(f"  {row}" for row in rows)
        super().__init__(f"{len(rows)} faults in the rows of a task:\n{listing}")
