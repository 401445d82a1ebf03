"""`report.html`: a run on one page."""

from pathlib import Path

from whetstone.finetuning.report.completions import select_exchanges
from whetstone.finetuning.report.curves import learning_figure, seconds_figure
from whetstone.finetuning.report.outcome import banner, comparisons, headline, notes
from whetstone.finetuning.report.page import both_sizes, render_page, write_page
from whetstone.finetuning.report.read import read_run

_EXCHANGES = 4
_NANO = "nano"


def write_report(folder: Path) -> Path:
    """Write `report.html` into a run's folder, whole or not at all, and return its path.

    Raises:
        BrokenRunError: a file of the run cannot be read; an earlier report stays as it was.

    """
    return write_page(folder / "report.html", render_report(folder))


def render_report(folder: Path) -> str:
    """Render the page of a run's folder.

    Raises:
        BrokenRunError: a file of the run cannot be read.

    """
    run = read_run(folder)
    return render_page(
        "run.html.j2",
        run=run,
        summary=run.summary,
        banner=banner(run),
        headline=headline(run),
        notes=notes(run),
        comparisons=comparisons(run),
        exchanges=select_exchanges(folder / "completions", _EXCHANGES),
        curve=both_sizes("curve", "Learning curve", lambda size: learning_figure(run, size)),
        seconds=both_sizes(
            "seconds",
            "Where the time went",
            lambda size: seconds_figure(run.summary.seconds, size),
        ),
        is_nano=run.summary.model == _NANO,
    )
