"""Matplotlib figures as small, deterministic SVG whose colours can follow a page's theme.

Each colour has a light and a dark tone. Figures are drawn in the light ones; these become CSS
variables, so that one picture serves both themes without a script.
"""

import io
import re
from enum import Enum

import matplotlib as mpl
from markupsafe import escape
from matplotlib.figure import Figure

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"


class Tone(Enum):
    """A role and its colour in light and in dark; series are from Okabe and Ito (2008)."""

    SURFACE = ("#ffffff", "#14181d")
    INK = ("#1b2027", "#e8ebef")
    MUTED = ("#5b6572", "#9ba6b2")
    RULE = ("#dfe3e8", "#2d353e")
    BLUE = ("#0072b2", "#56b4e9")
    ORANGE = ("#c25200", "#f0994b")
    GREEN = ("#00795a", "#35c79b")
    PURPLE = ("#a8497d", "#dd93bb")

    @property
    def light(self) -> str:
        """The tone on a light page, and the one that figures are drawn in."""
        return self.value[0]

    @property
    def variable(self) -> str:
        """The CSS variable that carries the tone of the current theme."""
        return f"--{self.name.lower()}"


# Text that crosses a line or a dot is drawn on a rim of ground, or neither could be read.
_HALO = (
    f"paint-order: stroke; stroke: {Tone.SURFACE.light}; stroke-width: 4px; stroke-linejoin: round"
)


def theme_css() -> str:
    """Define the variable of every tone, for light and for dark pages."""
    light = "".join(f"{tone.variable}:{tone.value[0]};" for tone in Tone)
    dark = "".join(f"{tone.variable}:{tone.value[1]};" for tone in Tone)
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def standalone_svg(figure: Figure, name: str, label: str) -> str:
    """Render a figure as a file of its own, which brings its ground and both themes with it.

    What shows an image without its style sheet, as some converters do, shows it in light tones.

    Args:
        figure: what to draw; its dpi must be 72, so that points are SVG units.
        name: seed of the ids inside the picture, equal for equal bytes.
        label: what the picture shows, for those who cannot see it.

    """
    figure.set_facecolor(Tone.SURFACE.light)
    svg = _render(figure, name, label)
    for tone in Tone:
        svg = svg.replace(tone.light, f"var({tone.variable}, {tone.light})")
    return svg.replace("<defs>", f"<defs>\n  <style>{theme_css()}</style>", 1)


def inline_svg(figure: Figure, name: str, label: str) -> str:
    """Render a figure to stand inside a page that has `theme_css()`; it takes the page's width.

    Two pictures on one page need two names, or the ids of one would answer for the other.
    """
    figure.set_facecolor("none")
    svg = re.sub(r'(<svg [^>]*?)width="[^"]*" height="[^"]*" ', r"\1", _render(figure, name, label))
    for tone in Tone:
        svg = svg.replace(tone.light, f"var({tone.variable})")
    return svg


def _render(figure: Figure, name: str, label: str) -> str:
    buffer = io.StringIO()
    undated = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata=undated)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # nobody refers to groups, and pages repeat them
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}; {_HALO}", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)
