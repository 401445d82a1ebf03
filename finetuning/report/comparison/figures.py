"""The pictures of a comparison: scores with intervals, curves on top of each other, time in parts.

A group has the same tone in all of them, and its name stands in the picture instead of a legend.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whetstone.evaluation.compare import Estimate
from whetstone.finetuning.report.comparison.groups import Group
from whetstone.finetuning.report.comparison.scores import Table, mean_seconds
from whetstone.finetuning.report.curves import WIDE, Size, new_figure, panels_figure, write
from whetstone.finetuning.report.panels import Curve, Panel
from whetstone.finetuning.report.read import Point, Run, Series
from whetstone.finetuning.report.svg import Tone
from whetstone.finetuning.report.wording import duration, percent

TONES = (Tone.BLUE, Tone.ORANGE, Tone.GREEN, Tone.PURPLE)
_MARKERS = "oDs^vP"
_LABEL_WIDTH = 14
_PART_STRENGTHS = (1.0, 0.7, 0.45, 0.28, 0.12)
"""Opacity of each part of a time bar in its group's tone; a hue of its own would name a group."""


def tone_of(place: int) -> Tone:
    """Return the tone of a group by its place."""
    return TONES[place % len(TONES)]


def scores_figure(groups: Sequence[Group], table: Table, size: Size) -> Figure:
    """Draw each group's score before (hollow) and after (filled), with the 95 % interval."""
    row_height, bottom = 4 * size.font, 3.2 * size.font
    height = len(groups) * row_height + bottom
    figure = new_figure(size, height)
    left, right = 0.8 * size.font, 5.2 * size.font
    axes = figure.add_axes(
        (left / size.width, bottom / height, 1 - (left + right) / size.width, 1 - bottom / height)
    )
    axes.set(xlim=(0, 1), ylim=(len(groups) - 0.4, -0.6))
    _style(axes, size)
    for place, (group, row) in enumerate(zip(groups, table.rows, strict=True)):
        color = tone_of(place).light
        style = {"color": color, "fontsize": size.font}
        write(axes, (0, place), (0, 1.25 * size.font), _short(group.label, size), **style)
        if row.before is not None and row.after is not None:
            axes.plot([row.before.mean, row.after.mean], [place] * 2, color=color, lw=1, alpha=0.5)
        if row.before is not None:
            _draw_estimate(axes, row.before, place, color, filled=False)
        if row.after is not None:
            _draw_estimate(axes, row.after, place, color, filled=True)
            end = {"color": color, "fontsize": 1.1 * size.font, "weight": "bold"}
            write(axes, (1, place), (0.8 * size.font, 0), percent(row.after.mean), **end)
    return figure


def curves_figure(groups: Sequence[Group], size: Size) -> Figure | None:
    """Draw the held-out and the training curves of all groups; None if none was logged."""
    runs = [[member.run for member in group.members] for group in groups]
    tasks = dict.fromkeys(task for members in runs for run in members for task in run.held_out)
    panels = [
        _panel(
            groups,
            [_mean([run.held_out.get(task, ()) for run in members]) for members in runs],
            f"held-out pass@1 on {task}",
            measured=True,
        )
        for task in tasks
    ]
    for column, title in (("reward", "training reward"), ("loss", "training loss")):
        series = [_mean([run.series(column) for run in members]) for members in runs]
        if any(series) and (column == "reward" or not any(_rewarded(runs))):
            panels.append(_panel(groups, series, title, measured=False))
    panels = [panel for panel in panels if panel.curves]
    steps = max(run.steps for members in runs for run in members)
    return panels_figure(panels, size, steps) if panels else None


def time_figure(groups: Sequence[Group], size: Size) -> Figure | None:
    """Draw the training time of each group as one bar of its parts; None if nothing was timed."""
    seconds = [mean_seconds(group) for group in groups]
    longest = max(max(spent.total, sum(spent.parts.values())) for spent in seconds)
    if not longest:
        return None
    bars = [{**spent.parts, "other": spent.other} for spent in seconds]
    names = [name for name in bars[0] if any(bar[name] for bar in bars)]
    strengths = dict(zip(names, _PART_STRENGTHS, strict=False))
    legend_rows = 1 if size is WIDE else 2
    top = (1.2 + 1.7 * legend_rows) * size.font
    height = top + len(groups) * 3.6 * size.font
    figure = new_figure(size, height)
    left, right = 0.8 * size.font, 7.5 * size.font
    axes = figure.add_axes(
        (left / size.width, 0, 1 - (left + right) / size.width, 1 - top / height)
    )
    axes.set_axis_off()
    axes.set(xlim=(0, longest), ylim=(len(groups) - 0.5, -0.5))
    for place, (group, bar, spent) in enumerate(zip(groups, bars, seconds, strict=True)):
        color, start = tone_of(place).light, 0.0
        style = {"color": color, "fontsize": size.font}
        write(axes, (0, place), (0, 1.1 * size.font), _short(group.label, size), **style)
        for name, strength in strengths.items():
            axes.barh(place + 0.18, bar[name], left=start, height=0.36, color=color, alpha=strength)
            start += bar[name]
        ink = {"color": Tone.INK.light, "fontsize": size.font}
        write(axes, (start, place + 0.18), (8, 0), duration(spent.total), **ink)
    _write_legend(figure, strengths, size, height, legend_rows)
    return figure


def _style(axes: Axes, size: Size) -> None:
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    axes.grid(axis="x", color=Tone.RULE.light, linewidth=1)
    axes.set_axisbelow(True)
    axes.set_yticks([])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
    axes.tick_params(length=0, pad=7, labelsize=size.font, labelcolor=Tone.MUTED.light)


def _draw_estimate(axes: Axes, found: Estimate, place: int, color: str, *, filled: bool) -> None:
    width, end_height = (2.2, 0.11) if filled else (1.2, 0.07)
    axes.plot([found.low, found.high], [place] * 2, color=color, lw=width, zorder=3)
    for end in (found.low, found.high):
        axes.plot([end] * 2, [place - end_height, place + end_height], color=color, lw=width)
    ground = color if filled else Tone.SURFACE.light
    axes.plot(
        [found.mean], [place], "o", ms=9, color=ground, mec=color, mew=1.5, zorder=4, clip_on=False
    )


def _panel(
    groups: Sequence[Group], series: Sequence[Series], title: str, *, measured: bool
) -> Panel:
    curves = tuple(
        Curve(
            label="\n".join(wrap(group.label, _LABEL_WIDTH, max_lines=2, placeholder="...")),
            points=points,
            tone=tone_of(place),
            marker=_MARKERS[place % len(_MARKERS)] if measured else None,
        )
        for place, (group, points) in enumerate(zip(groups, series, strict=True))
        if points
    )
    is_fraction = all(0 <= point.value <= 1 for curve in curves for point in curve.points)
    return Panel(curves, is_fraction, title)


def _mean(runs: Sequence[Series]) -> Series:
    """Return the mean over the seeds of a group, at the steps that all of them logged."""
    values: defaultdict[int, list[float]] = defaultdict(list)
    for series in runs:
        for point in series:
            values[point.step].append(point.value)
    return tuple(
        Point(step, fmean(found))
        for step, found in sorted(values.items())
        if len(found) == len(runs)
    )


def _rewarded(runs: Sequence[Sequence[Run]]) -> list[bool]:
    return [bool(run.series("reward")) for members in runs for run in members]


def _write_legend(
    figure: Figure, strengths: Mapping[str, float], size: Size, height: float, rows: int
) -> None:
    axes = figure.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set_axis_off()
    axes.set(xlim=(0, size.width), ylim=(0, height))
    per_row = -(-len(strengths) // rows)
    for index, (name, strength) in enumerate(strengths.items()):
        row, column = divmod(index, per_row)
        x, y = (1.1 + 8 * column) * size.font, height - (0.9 + 1.7 * row) * size.font
        axes.plot([x], [y], "s", ms=9, color=Tone.INK.light, alpha=strength, mew=0)
        style = {"color": Tone.MUTED.light, "fontsize": size.font}
        write(axes, (x, y), (9, 0), name, **style)


def _short(label: str, size: Size) -> str:
    most = int(size.width / (0.62 * size.font)) - 4
    return label if len(label) <= most else label[: most - 3] + "..."
