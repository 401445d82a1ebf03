"""The figures of a comparison: what each group scores, what it gained, how the groups differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from whetstone.evaluation.compare import (
    Difference,
    Estimate,
    Measured,
    Values,
    difference,
    estimate,
)
from whetstone.finetuning.report.comparison.groups import Group, Member
from whetstone.finetuning.report.read import Seconds
from whetstone.finetuning.report.wording import HEADLINE_MEASURE

_SEED = 0
"""Of every bootstrap: the same runs give the same page."""


@dataclass(frozen=True)
class Row:
    """One group on one measure of one task; a side that was not measured is None."""

    before: Estimate | None
    after: Estimate | None
    gain: Difference | None
    """After minus before, on the same problems."""
    lead: Difference | None
    """This group minus the first one, both after training; None for the first one itself."""


@dataclass(frozen=True)
class Table:
    """All groups on one measure of one task."""

    task: str
    measure: str
    rows: tuple[Row, ...]


def score_tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """Compare the groups on every task and measure, the headline's measure of a task first."""
    tasks = dict.fromkeys(task for group in groups for m in group.members for task in m.after)
    return tuple(
        Table(task, name, tuple(_row(group, groups[0], task, name) for group in groups))
        for task in tasks
        for name in _measures(groups, task)
    )


def duel(first: Group, second: Group, task: str, measure: str) -> Difference | None:
    """Return how much the second is above the first after training; None if it cannot be told."""
    sides = (_values(first, "after", task, measure), _values(second, "after", task, measure))
    return difference(*sides, _SEED) if all(sides) else None


def mean_seconds(group: Group) -> Seconds:
    """Return the time of training and its parts, as means over the group's runs."""
    all_seconds = [member.run.summary.seconds for member in group.members]
    return Seconds(
        total=fmean(s.total for s in all_seconds),
        generate=fmean(s.generate for s in all_seconds),
        reward=fmean(s.reward for s in all_seconds),
        logps=fmean(s.logps for s in all_seconds),
        optimize=fmean(s.optimize for s in all_seconds),
    )


def mean_dollars(group: Group) -> float | None:
    """Return what graders that cost money took for a run of the group; None if none was asked."""
    amounts = [member.run.dollars for member in group.members]
    asked = [amount for amount in amounts if amount is not None]
    return sum(asked) / len(amounts) if asked else None


def sampled_differently(groups: Sequence[Group], task: str) -> dict[str, list[Any]]:
    """Return the sampling settings of a task that are not the same in all runs."""
    found = [
        measured.settings for m in _members(groups) if (measured := m.after.get(task)) is not None
    ]
    names = dict.fromkeys(name for settings in found for name in settings)
    values = {
        name: list(dict.fromkeys(str(settings.get(name)) for settings in found)) for name in names
    }
    return {name: several for name, several in values.items() if len(several) > 1}


def unjudged(groups: Sequence[Group], task: str) -> int:
    """Count completions after training that the sandbox could not judge."""
    return sum(m.after[task].unjudged for m in _members(groups) if task in m.after)


def _row(group: Group, reference: Group, task: str, measure: str) -> Row:
    before, after = (_values(group, when, task, measure) for when in ("before", "after"))
    return Row(
        before=estimate(before, _SEED),
        after=estimate(after, _SEED),
        gain=difference(before, after, _SEED) if before and after else None,
        lead=None if group is reference else duel(reference, group, task, measure),
    )


def _values(group: Group, when: str, task: str, measure: str) -> list[Values]:
    """Return the values of each member; none at all if one of them lacks the measure."""
    sides = [member.before if when == "before" else member.after for member in group.members]
    empty = Measured({}, {}, 0)
    values = [side.get(task, empty).values.get(measure) for side in sides]
    present = [value for value in values if value is not None]
    return present if len(present) == len(values) else []


def _measures(groups: Sequence[Group], task: str) -> list[str]:
    names = dict.fromkeys(
        name for m in _members(groups) if task in m.after for name in m.after[task].values
    )
    return sorted(names, key=lambda name: name != HEADLINE_MEASURE)


def _members(groups: Sequence[Group]) -> list[Member]:
    return [member for group in groups for member in group.members]
