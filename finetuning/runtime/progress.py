"""What a person sees while models answer and are judged.

Nothing is shown before the first thing is counted: what is read from the disk needs no bar.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class CountProgress:
    """A bar on a terminal; elsewhere one line when it begins."""

    def __init__(self, label: str, things: str, console: Console) -> None:
        self._label = label
        self._things = things
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),  # what the terminal has left
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            expand=True,
        )
        self._row: TaskID | None = None

    def __enter__(self) -> Self:
        """Wait for something to count."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back, also after an error."""
        self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` things are done."""
        if self._row is None:
            self._row = self._bar.add_task(self._label, total=total)
            self._bar.start()
            if not self._console.is_terminal:
                self._console.print(f"{self._label}, {total} {self._things}", highlight=False)
        self._bar.update(self._row, completed=done, total=total)
