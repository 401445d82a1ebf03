"""Whether a tuned model answers better than its base: the same prompts, the same judge, in pairs.

A judge is any reward: what it gives is a number for each answer, or None where it could not judge.
Such an answer is left out and counted, and never taken for a bad one.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

from whetstone.evaluation.compare import Difference, Estimate, Values, difference, estimate
from whetstone.evaluation.generate import Chunk, Kind
from whetstone.evaluation.journal import Journal, RowT

_SEED = 0
"""Of the bootstrap and of the examples: the same scores give the same page."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model wrote, as the sampler gave it."""

    problem: str
    kind: Kind
    index: int
    completion: str


@dataclass(frozen=True, slots=True)
class Score:
    """What each reward said of an answer, and their weighted sum; None for "no judgement"."""

    problem: str
    kind: Kind
    index: int
    rewards: Mapping[str, float | None]
    total: float | None


@dataclass(frozen=True, slots=True)
class Improvement:
    """One quantity, of base and tuned, in units of the reward."""

    name: str
    base: Estimate
    tuned: Estimate
    change: Difference


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer of a model, its total, and the mean total of all the model's answers to it."""

    completion: str
    total: float | None
    mean: float


@dataclass(frozen=True, slots=True)
class Example:
    """Both answers to one prompt, and why this prompt was chosen."""

    problem: str
    why: str
    base: Shown
    tuned: Shown


def answer_of(row: dict[str, Any]) -> ModelAnswer:
    """Return a line's answer. Raises KeyError, ValueError or TypeError where it is none."""
    return ModelAnswer(**{**row, "kind": Kind(row["kind"])})


def score_of(row: dict[str, Any]) -> Score:
    """Return a line's score. Raises KeyError, ValueError or TypeError where it is none."""
    return Score(**{**row, "kind": Kind(row["kind"])})


def resumed(
    journal: Journal[RowT],
    chunks: Sequence[Chunk],
    make: Callable[[Chunk, int], list[RowT]],
    on_chunk: Callable[[int], None],
    lacks: Callable[[RowT], bool] = lambda _: False,
) -> list[RowT]:
    """Return the rows of every chunk: from the disk where they are there, else made and kept.

    Args:
        journal: where they are kept.
        chunks: the plan.
        make: makes the rows of a chunk, given its place in the plan too.
        on_chunk: told how many chunks are finished.
        lacks: tells of a row that was kept whether it lacks something; its chunk is made again.

    Raises:
        ResumeRefused: when the file belongs to other settings, or is damaged.

    """
    finished = journal.finished(chunks)
    for place, rows in enumerate(finished):
        if any(map(lacks, rows)):
            finished[place] = make(chunks[place], place)
    journal.rewrite(finished)
    on_chunk(len(finished))
    for place in range(len(finished), len(chunks)):
        rows = make(chunks[place], place)
        journal.append(rows)
        finished.append(rows)
        on_chunk(len(finished))
    return [row for rows in finished for row in rows]


def improvements(base: Sequence[Score], tuned: Sequence[Score]) -> tuple[Improvement, ...]:
    """Compare the totals of sampled and of greedy answers, and each reward where there are several.

    What no prompt supports on both sides is left out.
    """
    names = list(base[0].rewards) if base else []
    quantities: list[tuple[str, Kind, Callable[[Score], float | None]]] = [
        ("mean reward", Kind.SAMPLE, _total),
        ("greedy answer", Kind.GREEDY, _total),
    ]
    if len(names) > 1:
        quantities += [(name, Kind.SAMPLE, partial(_reward, name)) for name in names]
    found = (
        _improvement(name, _by_problem(base, kind, value), _by_problem(tuned, kind, value))
        for name, kind, value in quantities
    )
    return tuple(improvement for improvement in found if improvement is not None)


def choose_examples(
    base: Sequence[tuple[ModelAnswer, Score]],
    tuned: Sequence[tuple[ModelAnswer, Score]],
    count: int,
) -> tuple[Example, ...]:
    """Choose prompts to show side by side: the best, the worst, and as many by lot.

    Shown is the greedy answer, or the first that was sampled: never the one that looks best.

    Args:
        base: answers of the base model with their scores.
        tuned: likewise of the tuned one.
        count: how many of each sort.

    """
    sides = _first_of_each(base), _first_of_each(tuned)
    means = [_by_problem([score for _, score in side], None, _total) for side in (base, tuned)]
    problems = sorted(set(sides[0]) & set(sides[1]) & set(means[0]) & set(means[1]))
    changes = {problem: means[1][problem] - means[0][problem] for problem in problems}
    ordered = sorted(problems, key=lambda problem: (-changes[problem], problem))
    chosen: dict[str, str] = {}
    chosen |= {p: "improved most" for p in ordered[:count] if changes[p] > 0}
    chosen |= {p: "worsened most" for p in ordered[::-1][:count] if changes[p] < 0}
    rest = [problem for problem in problems if problem not in chosen]
    drawn = random.Random(_SEED).sample(rest, min(count, len(rest)))
    chosen |= dict.fromkeys(drawn, "drawn by lot")
    return tuple(
        Example(problem, why, *(_seen(sides[i][problem], means[i][problem]) for i in (0, 1)))
        for problem, why in chosen.items()
    )


def unjudged(scores: Iterable[Score]) -> int:
    """Count answers that have no total."""
    return sum(score.total is None for score in scores)


def _improvement(name: str, base: Values, tuned: Values) -> Improvement | None:
    both = sorted(set(base) & set(tuned))
    seen = [side[problem] for side in (base, tuned) for problem in both]
    bounds = min(seen, default=0.0), max(seen, default=0.0)  # a reward may have any scale
    change = difference([base], [tuned], _SEED, bounds)
    sides = [estimate([{p: side[p] for p in both}], _SEED, bounds) for side in (base, tuned)]
    if change is None or sides[0] is None or sides[1] is None:
        return None
    return Improvement(name, sides[0], sides[1], change)


def _total(score: Score) -> float | None:
    return score.total


def _reward(name: str, score: Score) -> float | None:
    return score.rewards[name]


def _by_problem(
    scores: Iterable[Score], kind: Kind | None, value: Callable[[Score], float | None]
) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for score in scores:
        number = value(score)
        if number is not None and kind in {None, score.kind}:
            found.setdefault(score.problem, []).append(number)
    return {problem: fmean(numbers) for problem, numbers in found.items()}


def _seen(pair: tuple[ModelAnswer, Score], mean: float) -> Shown:
    answer, score = pair
    return Shown(answer.completion, score.total, mean)


def _first_of_each(
    side: Iterable[tuple[ModelAnswer, Score]],
) -> dict[str, tuple[ModelAnswer, Score]]:
    ordered = sorted(side, key=lambda pair: (pair[0].kind is not Kind.GREEDY, pair[0].index))
    shown: dict[str, tuple[ModelAnswer, Score]] = {}
    for answer, score in ordered:
        shown.setdefault(answer.problem, (answer, score))
    return shown
