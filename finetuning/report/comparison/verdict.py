"""The outcome of a comparison in one sentence, and what keeps it from being the whole truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from whetstone.evaluation.compare import Difference
from whetstone.evaluation.interval import Direction
from whetstone.finetuning.report.comparison.groups import (
    Group,
    config_differences,
    debug_runs,
    repetitions,
)
from whetstone.finetuning.report.comparison.scores import Table, duel, sampled_differently, unjudged
from whetstone.finetuning.report.outcome import DEBUG
from whetstone.finetuning.report.wording import HEADLINE_MEASURE, percent, points

_MANY = 4
_TWO = 2


@dataclass(frozen=True)
class ComparisonVerdict:
    """Who is ahead."""

    headline: str
    caveats: tuple[str, ...]
    table: Table | None
    """What the headline speaks of; None if nothing was measured in all groups."""
    best: int | None
    """The place of the group that is clearly ahead of every other; None if there is none."""
    banner: str | None
    """What must stand above everything else."""


def judge(groups: Sequence[Group], tables: Sequence[Table]) -> ComparisonVerdict:
    """Say which group is ahead, and what a reader of that must know."""
    headline, table, best = _decide(groups, tables)
    caveats = [*repetitions(groups), *(_caveats(groups, table) if table else ())]
    return ComparisonVerdict(headline, tuple(caveats), table, best, _banner(groups))


def _banner(groups: Sequence[Group]) -> str | None:
    labels = debug_runs(groups)
    return f"{', '.join(labels)}: {DEBUG[:1].lower()}{DEBUG[1:]}" if labels else None


def _decide(
    groups: Sequence[Group], tables: Sequence[Table]
) -> tuple[str, Table | None, int | None]:
    """Find the group with the highest pass@1 on the first task that all were measured on."""
    table = next(
        (
            table
            for table in tables
            if table.measure == HEADLINE_MEASURE and all(row.after for row in table.rows)
        ),
        None,
    )
    if table is None:
        return _without_scores(groups), None, None
    if len(groups) == 1:
        return _alone(groups[0], table), table, None
    means = [row.after.mean for row in table.rows if row.after is not None]
    order = sorted(range(len(groups)), key=lambda place: -means[place])
    lead = _lead(groups, order[0], order[1], table)
    if lead is None:
        return _apart(table), table, None
    if lead.mean < 0:  # on the problems that both have, the second is the first
        order[:2] = order[1::-1]
        lead = _lead(groups, order[0], order[1], table) or lead
    leads = [_lead(groups, order[0], other, table) for other in order[1:]]
    best = order[0] if all(lead is not None and _is_ahead(lead) for lead in leads) else None
    sentence = _sentence(groups, groups[order[0]], groups[order[1]], lead, table)
    return sentence, table, best


def _lead(groups: Sequence[Group], first: int, other: int, table: Table) -> Difference | None:
    return duel(groups[other], groups[first], table.task, table.measure)


def interval(difference: Difference) -> str:
    """Write an interval in points: `95 % interval 9.8 to 14.9`."""
    return f"95 % interval {points(difference.low)} to {points(difference.high)}"


def _sentence(
    groups: Sequence[Group], first: Group, second: Group, lead: Difference, table: Table
) -> str:
    ahead = points(abs(lead.mean))
    if _is_ahead(lead) and len(groups) == _TWO:
        return (
            f"{first.label} solves {ahead} points more than {second.label} on {table.task} "
            f"({interval(lead)})."
        )
    if _is_ahead(lead):
        return (
            f"{first.label} solves most on {table.task}: {ahead} points more than {second.label}, "
            f"which comes second ({interval(lead)})."
        )
    if lead.mean == 0:
        who = f"{first.label} and {second.label} solve equally much on {table.task}"
        return f"{who} ({interval(lead)})."
    both = f"{first.label} and {second.label}"
    who = f"{both} cannot" if len(groups) == _TWO else f"The two best, {both}, cannot"
    return (
        f"{who} be told apart on {table.task}: {first.label} is {ahead} points ahead, and the "
        f"95 % interval, {points(lead.low)} to {points(lead.high)}, includes zero."
    )


def _alone(group: Group, table: Table) -> str:
    (row,) = table.rows
    runs = f"{len(group.members)} runs of one configuration"
    if row.gain is None or row.before is None or row.after is None:
        end = percent(row.after.mean) if row.after else "nothing"
        return f"{runs} solve {end} of {table.task} on average."
    if row.gain.direction is Direction.UNCLEAR:
        return (
            f"{runs} show no clear change on {table.task} by training: {percent(row.before.mean)} "
            f"before, {percent(row.after.mean)} after ({interval(row.gain)} of the difference)."
        )
    verb = "gain" if row.gain.direction is Direction.BETTER else "lose"
    return (
        f"{runs} {verb} {points(abs(row.gain.mean))} points on {table.task} by training "
        f"({interval(row.gain)}), to {percent(row.after.mean)}."
    )


def _is_ahead(lead: Difference) -> bool:
    return lead.direction is Direction.BETTER


def _apart(table: Table) -> str:
    return f"The runs share no problem of {table.task}, so they cannot be compared on it."


def _without_scores(groups: Sequence[Group]) -> str:
    last = [
        [m.run.summary.reward.last for m in group.members if m.run.summary.reward is not None]
        for group in groups
    ]
    told = [
        f"{group.label} {sum(filter(None, values)) / len(values):.2f}"
        for group, values in zip(groups, last, strict=True)
        if values
    ]
    nothing = "No task was measured in all of them, so none can be called better."
    return f"{nothing} Their last training rewards: {', '.join(told)}." if told else nothing


def _caveats(groups: Sequence[Group], table: Table) -> Iterator[str]:
    if len(groups) > 1 and any(len(group.members) == 1 for group in groups):
        yield (
            "One seed of a configuration says nothing about the luck of its seed: the interval "
            "covers the choice of problems only. Train more seeds of each before you rely on a "
            "small difference."
        )
    if len(groups) >= _MANY:
        yield (
            f"The first of {len(groups)} is partly first by luck: its lead will look smaller when "
            "it is measured again."
        )
    left_out = [row.lead.left_out for row in table.rows if row.lead is not None]
    if any(left_out):
        yield f"{max(left_out)} problems that not all runs were measured on are left out."
    for name, values in sampled_differently(groups, table.task).items():
        yield f"{table.task} was not sampled alike: {name} was {' and '.join(values)}."
    if count := unjudged(groups, table.task):
        yield f"{count} completions could not be judged and count in no figure."
    if len(groups) > 1 and not config_differences(groups) and not repetitions(groups):
        yield "Their configurations differ in nothing but the seed."
