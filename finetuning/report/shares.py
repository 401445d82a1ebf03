"""A bar that is cut into shares: how many prompts went which way."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from whetstone.finetuning.report.curves import Size, new_figure, write
from whetstone.finetuning.report.svg import Tone

_LABEL = 8.5
"""Width of a label with count and percentage, in sizes of the font."""


@dataclass(frozen=True)
class Share:
    """One part of the whole."""

    name: str
    tone: Tone
    count: int


def shares_figure(shares: Sequence[Share], size: Size) -> Figure | None:
    """Draw the parts side by side, with a label above each; None where all are empty."""
    total = sum(share.count for share in shares)
    if not total:
        return None
    height = 4.6 * size.font
    figure = new_figure(size, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, size.width), ylim=(0, height))
    room, start = size.width / len(shares), 0.0
    for column, share in enumerate(shares):
        width = size.width * share.count / total
        axes.barh(
            0.9 * size.font, width, left=start, height=1.6 * size.font, color=share.tone.light
        )
        style = {"color": share.tone.light, "fontsize": size.font}
        part = f"{share.count / total:.0%}"
        text = f"{share.name} {f'{share.count} ({part})' if room > _LABEL * size.font else part}"
        write(axes, (column * room, 3.2 * size.font), (0, 0), text, **style)
        start += width
    return figure
