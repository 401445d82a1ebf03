"""The end of a run in the terminal: what happened, the figures, and where to look next."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from whetstone.finetuning.report.console import bare_table, tell, tell_place
from whetstone.finetuning.report.outcome import banner, comparisons, headline, notes
from whetstone.finetuning.report.read import Run, read_run
from whetstone.finetuning.report.wording import costs, duration, shown


def print_outcome(console: Console, folder: Path) -> None:
    """Print the sentence, the scores and the paths of a finished run.

    Raises:
        BrokenRunError: a file of the run cannot be read.

    """
    run = read_run(folder)
    console.print()
    if warning := banner(run):
        tell(console, warning, "bold reverse")
    tell(console, headline(run), "bold")
    for note in notes(run):
        tell(console, note)
    if run.summary.before or run.summary.after:
        console.print(_score_table(run))
    seconds = run.summary.seconds.total  # none where a stage only collects
    model, data = run.summary.model_folder, run.summary.data_folder
    places = {
        "trained": duration(seconds) if seconds else None,
        "teacher": costs(run.summary.teacher),
        "model": shown(model) if model else None,
        "data": shown(data) if data else None,
        "report": shown(folder / "report.html"),
    }
    for name, place in places.items():
        if place is not None:
            tell_place(console, name, place)


def _score_table(run: Run) -> Table:
    rows = comparisons(run)
    heads = ("task", "measure", "before", "after", "difference", "95 % interval")
    shows_interval = any(row.interval for row in rows)
    table = bare_table(*(heads if shows_interval else heads[:-1]), numbers_from=2)
    for row in rows:
        cells = (row.task, row.measure, row.before, row.after, row.difference, row.interval)
        table.add_row(*map(Text, cells if shows_interval else cells[:-1]))
    return table
