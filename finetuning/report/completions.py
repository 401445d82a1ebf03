"""A few completions that show what changed, early beside late.

The choice looks at prompts and steps, never at how good a completion is: a report that picks its
successes is advertising. Prompts seen both early and late come first; of the several completions
of a prompt the one nearest to their mean score is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from whetstone.finetuning.artifacts.completions import NOT_A_SCORE, present, read_rows


@dataclass(frozen=True)
class RewardScore:
    """What one reward function said of a completion."""

    name: str
    value: float | None
    """None if the function abstained."""
    group_mean: float | None
    """The mean over all completions of the same prompt at the same step."""


@dataclass(frozen=True)
class TypicalCompletion:
    """One completion, typical of those that were drawn with it."""

    step: int
    completion: str
    scores: tuple[RewardScore, ...]
    group_size: int


@dataclass(frozen=True)
class Exchange:
    """A prompt with its early and its late completion, or with one if it was seen once."""

    prompt: str
    samples: tuple[TypicalCompletion, ...]


@dataclass(frozen=True)
class _Sight:
    """A step at which a prompt was seen, and the file that tells of it."""

    step: int
    path: Path


def select_exchanges(folder: Path, count: int) -> tuple[Exchange, ...]:
    """Choose up to `count` prompts from `folder/*.parquet`, in the layout that TRL logs.

    Returns nothing if the folder is missing or empty, as for SFT.

    Raises:
        BrokenRunError: a file is not parquet, or lacks a column.

    """
    sights = _first_and_last_sights(folder)
    chosen = _most_separated(sights, count) or _both_ends(sights, count)
    return tuple(
        Exchange(prompt, tuple(_typical_sample(sight, prompt) for sight in seen))
        for prompt, seen in chosen.items()
    )


def _first_and_last_sights(folder: Path) -> dict[str, tuple[_Sight, ...]]:
    """Map each prompt to its first and last sight (one entry if they are the same)."""
    first: dict[str, _Sight] = {}
    last: dict[str, _Sight] = {}
    for path in sorted(folder.glob("*.parquet")):
        # Completions are the bulk of a file and are read only where they are shown.
        for row in read_rows(path, columns=["step", "prompt"]):
            prompt, sight = as_text(row["prompt"]), _Sight(row["step"], path)
            if prompt not in first or sight.step < first[prompt].step:
                first[prompt] = sight
            if prompt not in last or sight.step > last[prompt].step:
                last[prompt] = sight
    return {
        prompt: (sight,) if sight.step == last[prompt].step else (sight, last[prompt])
        for prompt, sight in first.items()
    }


def _most_separated(
    sights: Mapping[str, tuple[_Sight, ...]], count: int
) -> dict[str, tuple[_Sight, ...]]:
    """Keep the prompts whose two sights lie furthest apart; the sort keeps file order in ties."""
    pairs = [(prompt, seen) for prompt, seen in sights.items() if len(seen) > 1]
    pairs.sort(key=lambda pair: pair[1][0].step - pair[1][1].step)
    return dict(pairs[:count])


def _both_ends(
    sights: Mapping[str, tuple[_Sight, ...]], count: int
) -> dict[str, tuple[_Sight, ...]]:
    """Take prompts of the first and of the last steps, where none was seen twice."""
    ordered = sorted(sights.items(), key=lambda item: item[1][0].step)
    if len(ordered) <= count:
        return dict(ordered)
    early = count // 2
    return dict(ordered[:early] + ordered[len(ordered) - (count - early) :])


def _typical_sample(sight: _Sight, prompt: str) -> TypicalCompletion:
    group = [
        row
        for row in read_rows(sight.path)
        if row["step"] == sight.step and as_text(row["prompt"]) == prompt
    ]
    names = [name for name in group[0] if name not in NOT_A_SCORE]
    means = {name: _mean(row[name] for row in group) for name in names}
    row = min(group, key=lambda row: sum(_distance(row[name], means[name]) for name in names))
    return TypicalCompletion(
        step=sight.step,
        completion=as_text(row["completion"]),
        scores=tuple(RewardScore(name, present(row[name]), means[name]) for name in names),
        group_size=len(group),
    )


def as_text(value: str | list[dict[str, Any]]) -> str:
    """Flatten a conversation; the role is told only where there is more than one message."""
    if isinstance(value, str):
        return value
    if len(value) == 1:
        return value[0].get("content") or ""
    return "\n\n".join(f"[{message['role']}]\n{message.get('content') or ''}" for message in value)


def _mean(values: Iterator[float | None]) -> float | None:
    said = [value for value in map(present, values) if value is not None]
    return fmean(said) if said else None


def _distance(value: float | None, mean: float | None) -> float:
    said = present(value)
    return abs(said - mean) if said is not None and mean is not None else 0.0
