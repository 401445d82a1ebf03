"""`validation.html` and `validation.json`: base against tuned, for people and for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from whetstone.evaluation.interval import Direction
from whetstone.evaluation.validate import Example, Improvement
from whetstone.finetuning.report.curves import Size, new_figure, write
from whetstone.finetuning.report.page import both_sizes, render_page, write_page
from whetstone.finetuning.report.svg import Tone

PAGE = "validation.html"
FIGURES = "validation.json"


@dataclass(frozen=True)
class ValidationOutcome:
    """What a validation found."""

    base: str
    tuned: str
    prompts: str
    rewards: tuple[str, ...]
    settings: Mapping[str, Any]
    """How answers were sampled."""
    improvements: tuple[Improvement, ...]
    examples: tuple[Example, ...]
    texts: Mapping[str, str]
    """Problem to its prompt."""
    unjudged: int


def write_validation(outcome: ValidationOutcome, folder: Path) -> Path:
    """Write the page and its figures into a folder, and return the page."""
    values = {
        "headline": verdict(outcome),
        **{
            name: getattr(outcome, name)
            for name in ("base", "tuned", "prompts", "rewards", "settings", "unjudged")
        },
        "improvements": [asdict(improvement) for improvement in outcome.improvements],
        "examples": [asdict(example) for example in outcome.examples],
    }
    write_page(folder / FIGURES, json.dumps(values, indent=2) + "\n")
    return write_page(folder / PAGE, render_validation(outcome))


def render_validation(outcome: ValidationOutcome) -> str:
    """Render the page."""
    main = outcome.improvements[0] if outcome.improvements else None
    return render_page(
        "validation.html.j2",
        outcome=outcome,
        headline=verdict(outcome),
        main=main,
        outcomes=both_sizes(
            "outcomes", "Prompts won, equal and lost", lambda size: _outcomes_figure(main, size)
        ),
        number=number,
        signed=signed,
    )


def verdict(outcome: ValidationOutcome) -> str:
    """Say in one sentence whether the tuned model is better; honest where that is not known."""
    if not outcome.improvements:
        return "No prompt has a judged answer of both models, so nothing can be said."
    change = outcome.improvements[0].change
    ends = f"{signed(change.low)} to {signed(change.high)}"
    if change.direction is Direction.UNCLEAR:
        return (
            f"The tuned model cannot be told from its base: its mean reward differs by "
            f"{signed(change.mean)}, and the 95 % interval, {ends}, includes zero."
        )
    word = "more" if change.direction is Direction.BETTER else "less"
    low, high = sorted((abs(change.low), abs(change.high)))
    return (
        f"The tuned model earns {number(abs(change.mean))} {word} per answer than its base "
        f"(95 % interval {number(low)} to {number(high)}): "
        f"better on {change.wins} of {change.problems} prompts, worse on {change.losses}."
    )


def number(value: float) -> str:
    """Write a reward: `0.542`."""
    return f"{value + 0.0:.3f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float) -> str:
    """Write a change of reward: `+0.542`."""
    return f"{value + 0.0:+.3f}".replace("-", "\N{MINUS SIGN}")


def _outcomes_figure(main: Improvement | None, size: Size) -> Figure | None:
    """Draw the shares of prompts on which the tuned model is better, equal and worse."""
    if main is None:
        return None
    change = main.change
    parts = [
        ("better", change.wins, Tone.BLUE),
        ("equal", change.ties, Tone.MUTED),
        ("worse", change.losses, Tone.ORANGE),
    ]
    height = 4.6 * size.font
    figure = new_figure(size, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, size.width), ylim=(0, height))
    start = 0.0
    for column, (name, count, tone) in enumerate(parts):
        width = size.width * count / change.problems
        axes.barh(0.9 * size.font, width, left=start, height=1.6 * size.font, color=tone.light)
        style = {"color": tone.light, "fontsize": size.font}
        text = f"{name} on {count} ({count / change.problems:.0%})"
        write(axes, (column * size.width / 3, 3.2 * size.font), (0, 0), text, **style)
        start += width
    return figure
