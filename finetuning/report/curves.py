"""The pictures of a run: what it learned, and where its time went.

Lines are labelled where they end instead of in a legend, and every picture comes in two widths,
because text in a picture that is scaled down to a phone cannot be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from whetstone.finetuning.errors import BrokenRunError
from whetstone.finetuning.report.panels import Curve, Panel, learning_panels, smooth
from whetstone.finetuning.report.read import Run, Seconds, read_run
from whetstone.finetuning.report.svg import Tone, standalone_svg
from whetstone.finetuning.report.wording import duration

# Beyond these a picture of a long run is crowded, and its dots make up most of the page.
_MOST_DOTS = 400
_MOST_VALUES = 6
_SPREADING_ROUNDS = 20
_TICK_STEPS = [1, 2, 2.5, 5, 10]


@dataclass(frozen=True)
class Size:
    """The measures of a picture in SVG units, which are CSS pixels at full width."""

    name: str
    width: float
    panel_height: float
    font: float


WIDE = Size("wide", width=800, panel_height=320, font=13)
NARROW = Size("narrow", width=380, panel_height=260, font=12)


def learning_curve_svg(folder: Path) -> str:
    """Draw the learning curve of a run's folder as an SVG file of its own.

    Raises:
        BrokenRunError: a file cannot be read, or nothing was logged that could be drawn.

    """
    run = read_run(folder)
    figure = learning_figure(run, WIDE)
    if figure is None:
        raise BrokenRunError(f"{folder / 'metrics.jsonl'} has neither a reward nor a loss to draw")
    return standalone_svg(figure, "learning-curve", f"Learning curve of {run.summary.name}")


def learning_figure(run: Run, size: Size) -> Figure | None:
    """Draw reward, pass rate and held-out pass@1, or the loss where there is no reward.

    Returns None if the run logged none of them.
    """
    panels = learning_panels(run)
    return panels_figure(panels, size, run.steps) if panels else None


def panels_figure(panels: Sequence[Panel], size: Size, steps: int) -> Figure:
    """Draw panels one below the other, over the same steps, whatever step a curve begins at."""
    first = min(curve.points[0].step for panel in panels for curve in panel.curves)
    labels = [curve.end_label for panel in panels for curve in panel.curves]
    left, right, bottom = 3.2 * size.font, _label_width(labels, size), 3.6 * size.font
    gap = 28 + (2 * size.font if any(panel.title for panel in panels) else 0)
    height = bottom + len(panels) * (size.panel_height + gap)
    figure = new_figure(size, height)
    for row, panel in enumerate(reversed(panels)):
        y = bottom + row * (size.panel_height + gap)
        width = size.width - left - right
        box = (left / size.width, y / height, width / size.width, size.panel_height / height)
        axes = figure.add_axes(box)
        _draw_panel(axes, panel, size, (first, steps))
        if row == 0:
            axes.set_xlabel("training step", color=Tone.MUTED.light, fontsize=size.font)
        else:
            axes.tick_params(labelbottom=False)
    return figure


def seconds_figure(seconds: Seconds, size: Size) -> Figure | None:
    """Draw the parts of a run's wall time as bars; None if no part was timed.

    A part that an algorithm does not have is left out.
    """
    parts = {name: value for name, value in seconds.parts.items() if value}
    whole = sum(parts.values()) + seconds.other
    if not parts:
        return None
    rows = [*parts.items(), ("other", seconds.other)]
    height = len(rows) * 2.3 * size.font
    figure = new_figure(size, height)
    left, right = 6.5 * size.font, 9.5 * size.font
    axes = figure.add_axes((left / size.width, 0, 1 - (left + right) / size.width, 1))
    axes.set_axis_off()
    tones = [*(Tone.BLUE.light for _ in parts), Tone.MUTED.light]
    values = [value for _, value in rows]
    axes.barh(range(len(rows)), values, height=0.62, color=tones)
    axes.set(xlim=(0, max(values)), ylim=(len(rows) - 0.5, -0.5))
    for row, (name, value) in enumerate(rows):
        share = f"{duration(value)} · {value / whole:.0%}"
        ink, muted = Tone.INK.light, Tone.MUTED.light
        write(axes, (0, row), (-10, 0), name, color=ink, fontsize=size.font, ha="right")
        write(axes, (value, row), (8, 0), share, color=muted, fontsize=size.font)
    return figure


def spread(positions: Sequence[float], gap: float, top: float) -> list[float]:
    """Move positions apart until neighbours are `gap` away, and none lies above `top`."""
    order = sorted(range(len(positions)), key=positions.__getitem__)
    placed = list(positions)
    for _ in range(_SPREADING_ROUNDS):
        for below, above in pairwise(order):
            overlap = max(0.0, gap - (placed[above] - placed[below]))
            placed[below] -= overlap / 2
            placed[above] += overlap / 2
    limit = top
    for index in reversed(order):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return placed


def new_figure(size: Size, height: float) -> Figure:
    """Make an empty figure; `height` is in SVG units."""
    return Figure(figsize=(size.width / 72, height / 72), dpi=72)


def _label_width(labels: Sequence[str], size: Size) -> float:
    # Text is drawn by the browser in a font that is not known here; 0.62 em is a wide average.
    longest = max(len(line) for label in labels for line in label.splitlines())
    return 0.62 * size.font * longest + 16


def _draw_panel(axes: Axes, panel: Panel, size: Size, ends: tuple[int, int]) -> None:
    _style_axes(axes, size)
    measured = [curve for curve in panel.curves if curve.marker]
    for curve in panel.curves:
        (_draw_measurements if curve.marker else _draw_line)(axes, curve)
    if len(measured) == 1 and len(measured[0].points) <= _MOST_VALUES:
        _write_values(axes, measured[0], size)
    first, last = ends[0], max(ends[1], ends[0] + 1)
    margin = 0.025 * (last - first)
    axes.set_xlim(first - margin, last + margin)
    if panel.is_fraction:
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
    if panel.title:
        style = {"color": Tone.MUTED.light, "fontsize": size.font}
        write(
            axes,
            (axes.get_xlim()[0], axes.get_ylim()[1]),
            (0, 1.5 * size.font),
            panel.title,
            **style,
        )
    _label_ends(axes, panel, size)


def _style_axes(axes: Axes, size: Size) -> None:
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    axes.spines["bottom"].set(visible=True, color=Tone.RULE.light)
    axes.grid(axis="y", color=Tone.RULE.light, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=7, labelsize=size.font, labelcolor=Tone.MUTED.light)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=_TICK_STEPS, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=_TICK_STEPS))


def _draw_line(axes: Axes, curve: Curve) -> None:
    color = curve.tone.light
    dots = curve.points[:: 1 + len(curve.points) // _MOST_DOTS]
    axes.plot(*zip(*dots, strict=True), ".", color=color, alpha=0.4, ms=6, mew=0, zorder=2)
    axes.plot(*zip(*smooth(curve.points), strict=True), color=color, lw=2.2, zorder=3)


def _draw_measurements(axes: Axes, curve: Curve) -> None:
    (line,) = axes.plot(*zip(*curve.points, strict=True), color=curve.tone.light, zorder=4)
    line.set(marker=curve.marker, markersize=9, markeredgecolor=Tone.SURFACE.light)
    line.set(linewidth=1.6, linestyle=(0, (4, 3)), clip_on=False)  # apart without colour, too


def _write_values(axes: Axes, curve: Curve, size: Size) -> None:
    """Write all values but the last, which stands in the label at the end."""
    # Below and to the right there is room, as long as a curve rises.
    offset = (0.6 * size.font, -1.2 * size.font)
    style = {"color": curve.tone.light, "fontsize": size.font}
    for point in curve.points[:-1]:
        write(axes, point, offset, f"{point.value:.2f}", **style)


def _label_ends(axes: Axes, panel: Panel, size: Size) -> None:
    low, high = axes.get_ylim()
    ends = [curve.end for curve in panel.curves]
    gap = 2.8 * size.font * (high - low) / size.panel_height
    heights = spread([end.value for end in ends], gap, top=high)
    right = axes.get_xlim()[1]
    for curve, height in zip(panel.curves, heights, strict=True):
        style = {"color": curve.tone.light, "fontsize": size.font}
        write(axes, (right, height), (6, 0), curve.end_label, **style)


def write(
    axes: Axes, point: tuple[float, float], offset: tuple[float, float], text: str, **style: Any
) -> None:
    """Write text at an offset, in SVG units, from a point of the data."""
    # Names come from outside: a dollar sign in one must not start a formula.
    with mpl.rc_context({"text.parse_math": False}):
        axes.annotate(
            text,
            point,
            offset,
            textcoords="offset points",
            va="center",
            annotation_clip=False,
            **style,
        )
