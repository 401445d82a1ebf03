"""`report.html`: a run on one page that needs no network, no script and no other file.

Prompts, completions, names and settings are text that somebody else wrote: the template escapes
everything it is given, and only pictures and the style sheet made here are let through as they are.
"""

import os
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from finetuning.report.completions import select_exchanges
from finetuning.report.curves import NARROW, WIDE, Size, learning_figure, seconds_figure
from finetuning.report.read import read_run
from finetuning.report.svg import FONTS, inline_svg, theme_css
from finetuning.report.wording import comparisons, duration, headline

_EXCHANGES = 4
_NANO = "nano"


def write_report(folder: Path) -> Path:
    """Write `report.html` into a run's folder, whole or not at all, and return its path.

    Raises:
        BrokenRunError: a file of the run cannot be read; an earlier report stays as it was.

    """
    page = render_report(folder)
    target = folder / "report.html"
    draft = folder / f".report.html.{os.getpid()}"
    draft.write_text(page, encoding="utf-8")
    draft.replace(target)
    return target


def render_report(folder: Path) -> str:
    """Render the page of a run's folder.

    Raises:
        BrokenRunError: a file of the run cannot be read.

    """
    run = read_run(folder)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    return environment.get_template("template.html.j2").render(
        run=run,
        summary=run.summary,
        headline=headline(run),
        comparisons=comparisons(run),
        exchanges=select_exchanges(folder / "completions", _EXCHANGES),
        curve=_both_sizes("curve", "Learning curve", lambda size: learning_figure(run, size)),
        seconds=_both_sizes(
            "seconds",
            "Where the time went",
            lambda size: seconds_figure(run.summary.seconds, size),
        ),
        is_nano=run.summary.model == _NANO,
        theme=Markup(theme_css()),  # noqa: S704  made here, of constants
        fonts=Markup(FONTS),  # noqa: S704  a constant
    )


def _both_sizes(name: str, label: str, draw: Callable[[Size], Figure | None]) -> dict[str, Markup]:
    """Draw a picture for wide and narrow screens; empty if there is nothing to draw."""
    figures = {size.name: draw(size) for size in (WIDE, NARROW)}
    return {
        size: Markup(inline_svg(figure, f"{name}-{size}", label))  # noqa: S704  escaped by svg.py
        for size, figure in figures.items()
        if figure is not None
    }
