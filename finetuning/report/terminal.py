"""The end of a run in the terminal: what happened, the figures, and where to look next."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from finetuning.report.read import Run, read_run
from finetuning.report.wording import comparisons, costs, duration, headline, notes


def print_outcome(console: Console, folder: Path) -> None:
    """Print the sentence, the scores and the paths of a finished run.

    Raises:
        BrokenRunError: a file of the run cannot be read.

    """
    run = read_run(folder)
    console.print()
    console.print(Text(headline(run), style="bold"), soft_wrap=True)
    for note in notes(run):
        console.print(Text(note), soft_wrap=True)
    if run.summary.before or run.summary.after:
        console.print(_score_table(run))
    seconds = run.summary.seconds.total  # none where a stage only collects
    places = {
        "trained": duration(seconds) if seconds else None,
        "teacher": costs(run.summary.teacher),
        "model": run.summary.model_folder,
        "data": run.summary.data_folder,
        "report": folder / "report.html",
    }
    for name, place in places.items():
        if place is not None:
            # Soft wrap: a path broken over two lines cannot be copied.
            console.print(Text.assemble((f"{name:<9}", "dim"), str(place)), soft_wrap=True)


def _score_table(run: Run) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("task")
    table.add_column("measure")
    for name in ("before", "after", "difference"):
        table.add_column(name, justify="right")
    for row in comparisons(run):
        cells = (row.task, row.measure, row.before, row.after, row.difference)
        table.add_row(*map(Text, cells))
    return table
