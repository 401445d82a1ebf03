"""What a person sees while pass@k is measured."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class EvaluationProgress:
    """A bar on a terminal; elsewhere one line when a task is done."""

    def __init__(self, title: str, console: Console) -> None:
        self._title = title
        self._console = console
        self._bar: Progress | None = None

    def __call__(self, task: str, done: int, total: int) -> None:
        """Show that `done` of `total` problems are measured."""
        label = f"{self._title}: {task}"
        if not self._console.is_terminal:
            if done == total:
                self._console.print(f"{label}, {total} problems", highlight=False)
            return
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bar.add_task(label, total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], description=label, completed=done)
        if done == total:
            self._bar.stop()
            self._bar = None
