"""What every page shares: it needs no network, no script and no other file, and is whole or absent.

Prompts, completions, names and settings are text that somebody else wrote: templates escape
everything they are given, and only pictures and the style sheet made here are let through as they
are.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from whetstone.evaluation.files import write_atomically
from whetstone.finetuning.report.curves import NARROW, WIDE, Size
from whetstone.finetuning.report.svg import FONTS, inline_svg, theme_css
from whetstone.finetuning.report.wording import costs, duration


def render_page(template: str, **values: Any) -> str:
    """Render a template of this folder, which extends `base.html.j2`."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    environment.filters["costs"] = costs
    return environment.get_template(template).render(
        **values,
        theme=Markup(theme_css()),  # noqa: S704  made here, of constants
        fonts=Markup(FONTS),  # noqa: S704  a constant
    )


def write_page(target: Path, page: str) -> Path:
    """Write a page whole or not at all, and return its path."""
    write_atomically(target, page)
    return target


def both_sizes(name: str, label: str, draw: Callable[[Size], Figure | None]) -> dict[str, Markup]:
    """Draw a picture for wide and narrow screens; empty if there is nothing to draw."""
    figures = {size.name: draw(size) for size in (WIDE, NARROW)}
    return {
        size: Markup(inline_svg(figure, f"{name}-{size}", label))  # noqa: S704  escaped by svg.py
        for size, figure in figures.items()
        if figure is not None
    }
