"""What a learning curve shows: which quantities of a run, sorted by the axis they can share.

A reward that a run logs beside an equal pass rate, or nearly so, is one curve: two lines on top of
each other show neither. The loss of a run with a reward is
left out: under a policy gradient it says nothing about progress.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from whetstone.finetuning.report.read import Point, Run, Series
from whetstone.finetuning.report.svg import Tone

_HELD_OUT_TONES = (Tone.ORANGE, Tone.PURPLE, Tone.GREEN)
_HELD_OUT_MARKERS = "Dso"
_NEARLY_EQUAL = 0.03
"""How far reward and pass rate may lie apart at any step to be drawn as one."""


@dataclass(frozen=True)
class Curve:
    """One quantity over the steps; its label may have two lines."""

    label: str
    points: Series
    tone: Tone
    marker: str | None = None
    """The marker of a measurement made now and then; None for a value of every step."""

    @property
    def end(self) -> Point:
        """Where the curve ends as it is drawn."""
        return self.points[-1] if self.marker else smooth(self.points)[-1]

    @property
    def end_label(self) -> str:
        """What stands at its end; one measurement is a figure, the end of a noisy line is not."""
        return f"{self.label} {self.end.value:.2f}" if self.marker else self.label


@dataclass(frozen=True)
class Panel:
    """The curves that share an axis."""

    curves: tuple[Curve, ...]
    is_fraction: bool
    """Whether the axis is fixed from 0 to 1."""
    title: str = ""
    """What all of them measure, where the labels do not say it."""


def learning_panels(run: Run) -> list[Panel]:
    """Sort the run's curves by axis: fractions together, an unbounded reward or loss alone."""
    reward, passes = run.series("reward"), run.series("execution/pass_rate")
    fractions = list(_held_out_curves(run.held_out))
    panels = []
    if reward and _are_nearly_equal(reward, passes):
        sign = "=" if reward == passes else "\N{ALMOST EQUAL TO}"
        fractions.append(Curve(f"reward {sign}\npass rate", reward, Tone.BLUE))
    else:
        if passes:
            fractions.append(Curve("pass rate", passes, Tone.GREEN))
        if reward and _is_fraction(reward):
            fractions.append(Curve("reward", reward, Tone.BLUE))
        elif reward:
            panels.append(Panel((Curve("reward", reward, Tone.BLUE),), is_fraction=False))
    if fractions:
        panels.insert(0, Panel(tuple(fractions), is_fraction=True))
    if not reward:
        panels.extend(_loss_panels(run))
    return panels


def smooth(points: Series) -> Series:
    """Average each point with its neighbours, over about a twentieth of the curve in all.

    Where neighbours are missing on one side, at both ends, a line fitted to the nearest ones
    stands in for their mean, which would lag behind a steep start.
    """
    reach = len(points) // 40
    if reach == 0:
        return points
    width = 2 * reach + 1
    values = np.array([point.value for point in points])
    means = np.convolve(values, np.ones(width) / width, mode="valid")
    start = np.poly1d(np.polyfit(range(width), values[:width], deg=1))(range(reach))
    end = np.poly1d(np.polyfit(range(width), values[-width:], deg=1))(range(reach + 1, width))
    smoothed = np.concatenate([start, means, end])
    return tuple(Point(point.step, float(y)) for point, y in zip(points, smoothed, strict=True))


def _held_out_curves(held_out: Mapping[str, Series]) -> list[Curve]:
    return [
        Curve(
            label="held-out\npass@1" if len(held_out) == 1 else f"{task}\npass@1",
            points=points,
            tone=_HELD_OUT_TONES[index % len(_HELD_OUT_TONES)],
            marker=_HELD_OUT_MARKERS[index % len(_HELD_OUT_MARKERS)],
        )
        for index, (task, points) in enumerate(held_out.items())
    ]


def _loss_panels(run: Run) -> list[Panel]:
    curves = []
    if loss := run.series("loss"):
        curves.append(Curve("loss", loss, Tone.BLUE))
    if eval_loss := run.series("eval_loss"):
        curves.append(Curve("held-out\nloss", eval_loss, Tone.ORANGE, marker="D"))
    return [Panel(tuple(curves), is_fraction=False)] if curves else []


def _is_fraction(points: Series) -> bool:
    return all(0 <= point.value <= 1 for point in points)


def _are_nearly_equal(one: Series, other: Series) -> bool:
    return [point.step for point in one] == [point.step for point in other] and all(
        abs(a.value - b.value) <= _NEARLY_EQUAL for a, b in zip(one, other, strict=True)
    )
