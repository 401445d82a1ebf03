"""`validation.html` and `validation.json`: base against tuned, for people and for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from whetstone.evaluation.interval import Direction
from whetstone.evaluation.validate import Example, Improvement
from whetstone.finetuning.report.curves import Size
from whetstone.finetuning.report.page import both_sizes, render_page, write_page
from whetstone.finetuning.report.shares import Share, shares_figure
from whetstone.finetuning.report.svg import Tone
from whetstone.finetuning.report.wording import number, signed

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


def _outcomes_figure(main: Improvement | None, size: Size) -> Figure | None:
    """Draw the shares of prompts on which the tuned model is better, equal and worse."""
    if main is None:
        return None
    change = main.change
    return shares_figure(
        [
            Share("better on", Tone.BLUE, change.wins),
            Share("equal on", Tone.MUTED, change.ties),
            Share("worse on", Tone.ORANGE, change.losses),
        ],
        size,
    )
