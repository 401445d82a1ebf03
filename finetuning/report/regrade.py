"""`regrade.html` and `regrade.json`: what other judges would have changed in a run.

Every completion that the run stored is counted, so no figure has an interval: nothing was drawn.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from matplotlib.figure import Figure

from whetstone.finetuning.report.curves import Size
from whetstone.finetuning.report.page import both_sizes, render_page, write_page
from whetstone.finetuning.report.shares import Share, shares_figure
from whetstone.finetuning.report.svg import Tone
from whetstone.finetuning.report.wording import number, percent, signed, signed_points

PAGE = "regrade.html"
FIGURES = "regrade.json"
PASS_RATE = "pass rate"  # noqa: S105 - no password
_MOST_PROMPTS = 20


class Lesson(StrEnum):
    """What a prompt would have taught, beside what it did."""

    SAME = "the same"
    OTHER = "something else"
    NEW = "something, where it taught nothing"
    SILENT = "nothing, where it taught something"


_SHOWN = {
    Lesson.SAME: ("the same:", Tone.MUTED),
    Lesson.OTHER: ("other:", Tone.ORANGE),
    Lesson.NEW: ("new:", Tone.BLUE),
    Lesson.SILENT: ("silent:", Tone.PURPLE),
}
"""What a lesson is called where there is little room, and its colour."""


@dataclass(frozen=True)
class MeanChange:
    """One figure as the run had it and as it is now; None where nothing was judged."""

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class PairChanges:
    """What became of the order of two completions of one group, over all such pairs."""

    kept: int
    turned: int
    parted: int
    """Worth the same before, and not now."""
    joined: int
    """Worth the same now, and not before."""


@dataclass(frozen=True)
class AdvantageChanges:
    """What became of the advantages, which weigh each completion in the loss."""

    mean_change: float
    """Of their absolute difference."""
    turned: int
    """Completions that were made likelier and would be made less likely, or the reverse."""
    alignment: float | None
    """Cosine of the advantages of then and now: 1 is the same direction; None where one is zero."""


@dataclass(frozen=True)
class PromptChange:
    """One prompt over all its completions."""

    prompt: str
    completions: int
    lesson: Lesson
    passed_before: float | None
    """Share of its judged completions that passed."""
    passed_after: float | None
    weight: float
    """Sum, over its completions, of how far each moved within its group, in units of the reward."""


@dataclass(frozen=True)
class RegradedCompletion:
    """One completion with its sum of rewards and its advantage, before and after."""

    completion: str
    before: float | None
    after: float | None
    advantage_before: float
    advantage_after: float | None


@dataclass(frozen=True)
class RegradedPrompt:
    """A prompt, and the completions of one of its groups that gained and lost most."""

    prompt: str
    lesson: Lesson
    step: int
    samples: tuple[RegradedCompletion, ...]


@dataclass(frozen=True)
class RegradeOutcome:
    """What a regrade found."""

    run: str
    rewards: tuple[str, ...]
    settings: Mapping[str, tuple[str, str]]
    """Setting to its value then and now, where they differ."""
    completions: int
    groups: int
    generations: int
    changed: int
    """Completions whose sum of rewards is another."""
    gained: int
    """Completions that pass now and did not."""
    lost: int
    unjudged: tuple[int, int]
    left_out: Mapping[str, int]
    """Why stored completions were not judged again, and how many."""
    measures: tuple[MeanChange, ...]
    with_signal: tuple[int, int]
    """Groups in which completions are worth different amounts, then and now."""
    pairs: PairChanges
    advantages: AdvantageChanges | None
    why_no_advantages: str
    lessons: Mapping[Lesson, int]
    """Prompts by what they would have taught."""
    prompts: tuple[PromptChange, ...]
    """Those that moved most first."""
    examples: tuple[RegradedPrompt, ...]


def write_regrade(outcome: RegradeOutcome, folder: Path) -> Path:
    """Write the page and its figures into a folder, and return the page."""
    values = {"headline": verdict(outcome), **asdict(outcome)}
    write_page(folder / FIGURES, json.dumps(values, indent=2) + "\n")
    return write_page(folder / PAGE, render_regrade(outcome))


def render_regrade(outcome: RegradeOutcome) -> str:
    """Render the page."""
    return render_page(
        "regrade.html.j2",
        outcome=outcome,
        headline=verdict(outcome),
        shown=[prompt for prompt in outcome.prompts if prompt.weight > 0][:_MOST_PROMPTS],
        lessons=both_sizes(
            "lessons", "What prompts would teach", lambda size: _lessons_figure(outcome, size)
        ),
        value=value,
        change=change,
        percent=percent,
        number=number,
    )


def verdict(outcome: RegradeOutcome) -> str:
    """Say in one sentence what would have been otherwise."""
    if not outcome.changed:
        return (
            f"Nothing changes: each of the {outcome.completions:,} completions is worth what it "
            "was, to the last digit."
        )
    passed = next(measure for measure in outcome.measures if measure.name == PASS_RATE)
    other = sum(count for lesson, count in outcome.lessons.items() if lesson is not Lesson.SAME)
    rate = "no completion could be judged"
    if passed.before is not None and passed.after is not None:
        rate = f"the pass rate is {percent(passed.after)} instead of {percent(passed.before)}"
    if passed.before == passed.after and not outcome.gained + outcome.lost:
        rate = "the same ones pass"
    return (
        f"{outcome.changed:,} of {outcome.completions:,} completions are worth something else: "
        f"{rate}, and {other:,} of {sum(outcome.lessons.values()):,} prompts would have taught "
        "something else."
    )


def value(measure: MeanChange, figure: float | None) -> str:
    """Write one figure of a measure."""
    if figure is None:
        return "\N{EN DASH}"
    return percent(figure) if measure.name == PASS_RATE else number(figure)


def change(measure: MeanChange) -> str:
    """Write how far a measure moved: a rate in percentage points."""
    if measure.before is None or measure.after is None:
        return "\N{EN DASH}"
    difference = measure.after - measure.before
    return signed_points(difference) if measure.name == PASS_RATE else signed(difference)


def _lessons_figure(outcome: RegradeOutcome, size: Size) -> Figure | None:
    counts = outcome.lessons
    return shares_figure([Share(*_SHOWN[lesson], counts.get(lesson, 0)) for lesson in Lesson], size)
