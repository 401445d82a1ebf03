"""What a person sees while pass@k is measured."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class EvaluationProgress:
    """A bar on a terminal; elsewhere one line when the task is done."""

    def __init__(self, when: str, task: str, console: Console) -> None:
        self._label = f"evaluation {when} training: {task}"
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
        """Show that `done` of `total` problems are measured."""
        self._bar.update(self._row, completed=done, total=total)
        if done == total and not self._console.is_terminal:
            self._console.print(f"{self._label}, {total} problems", highlight=False)
