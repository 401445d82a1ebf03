"""What a person sees while models answer and are judged."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class CountProgress:
    """A bar on a terminal; elsewhere one line when everything is done."""

    def __init__(self, label: str, things: str, console: Console) -> None:
        self._label = label
        self._things = things
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._row = self._bar.add_task(self._label, total=None)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
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
        self._bar.update(self._row, completed=done, total=total)
        if done == total and not self._console.is_terminal:
            self._console.print(f"{self._label}, {total} {self._things}", highlight=False)
