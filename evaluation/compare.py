"""Which of two is better, by how much, and how sure that is.

Compared are values of the same problems, read from the verdicts that evaluations leave on the disk.
Nothing is compared that was not measured alike: problems that one side lacks are left out and
counted, and other sampling settings are for the caller to show.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from whetstone.evaluation.compiles import SUFFIX as COMPILED
from whetstone.evaluation.compiles import compile_values, read_compiled
from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.generate import Kind
from whetstone.evaluation.interval import RATE, Direction, Interval, crossed_interval, direction
from whetstone.evaluation.journal import Sample, read_samples
from whetstone.evaluation.pass_at_k import pass_at_k
from whetstone.rewards.sandbox import Verdict

_SUFFIX = ".samples.jsonl"
_NOT_THE_MEASURE = frozenset({"seed", "batch_size"})
"""Settings that change what is drawn and not what is measured."""

Values = Mapping[str, float]
"""Problem to what was measured on it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One evaluation of one model on one task.

    Attributes:
        values: measure ("pass@1", "compile@1", "greedy") to problem to its value in 0..1.
        settings: how it was sampled, without seed and batch size.
        unjudged: completions that the sandbox could not judge; they are in no value.

    """

    values: Mapping[str, Values]
    settings: Mapping[str, Any]
    unjudged: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over problems (and over training seeds), with its confidence interval."""

    mean: float
    low: float
    high: float
    problems: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How much the second is above the first: a mean over the problems that both have.

    Attributes:
        mean, low, high: of second minus first, and its confidence interval.
        wins, ties, losses: problems on which the second is better, equal, worse.
        problems: their sum.
        left_out: problems that one side lacks.

    """

    mean: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    problems: int
    left_out: int

    @property
    def direction(self) -> Direction:
        """Which of the two is above the other, if the interval shows it."""
        return direction((self.low, self.high))


def read_evaluations(folder: Path) -> dict[str, Measured]:
    """Read every finished evaluation in a folder: task to what was measured.

    Raises:
        ResumeRefused: a file is damaged.

    """
    return {
        path.name.removesuffix(_SUFFIX): _read(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))
    }


def measure(samples: Sequence[Sample], k: Sequence[int]) -> dict[str, Values]:
    """Compute pass@k, and where there are greedy completions "greedy", for each problem."""
    judged = [sample for sample in samples if sample.verdict is not Verdict.INFRA_ERROR]
    passed: dict[str, list[bool]] = {}
    greedy: dict[str, float] = {}
    for sample in judged:
        right = sample.verdict is Verdict.PASSED
        if sample.kind is Kind.GREEDY:
            greedy[sample.problem] = float(right)
        else:
            passed.setdefault(sample.problem, []).append(right)
    values: dict[str, Values] = {
        f"pass@{size}": {
            problem: pass_at_k(len(of_problem), sum(of_problem), size)
            for problem, of_problem in passed.items()
            if len(of_problem) >= size
        }
        for size in k
    }
    values["greedy"] = greedy
    return {name: of_problems for name, of_problems in values.items() if of_problems}


def estimate(runs: Sequence[Values], seed: int, bounds: Interval = RATE) -> Estimate | None:
    """Return the mean of one value for each problem; None without a problem that all runs have.

    Args:
        runs: one for each training seed of a configuration.
        seed: of the bootstrap.
        bounds: between which the values lie.

    """
    problems = _common(runs)
    if not problems:
        return None
    rows = _rows(runs, problems)
    low, high = crossed_interval(rows, None, seed, bounds=bounds)
    return Estimate(fmean(map(fmean, rows)), low, high, len(problems))


def difference(
    first: Sequence[Values], second: Sequence[Values], seed: int, bounds: Interval = RATE
) -> Difference | None:
    """Return how much the second is above the first; None without a problem that both have.

    Args:
        first: one for each training seed of the one configuration.
        second: likewise of the other.
        seed: of the bootstrap.
        bounds: between which the values lie.

    """
    problems = _common([*first, *second])
    if not problems:
        return None
    rows, others = _rows(second, problems), _rows(first, problems)
    low, high = crossed_interval(rows, others, seed, bounds=bounds)
    changes = [
        fmean(above) - fmean(below)
        for above, below in zip(zip(*rows, strict=True), zip(*others, strict=True), strict=True)
    ]
    return Difference(
        mean=fmean(changes),
        low=low,
        high=high,
        wins=sum(change > 0 for change in changes),
        ties=sum(change == 0 for change in changes),
        losses=sum(change < 0 for change in changes),
        problems=len(problems),
        left_out=len(set().union(*first, *second)) - len(problems),
    )


def _read(path: Path) -> Measured:
    header, samples = read_samples(path)
    settings = {
        name: value
        for name, value in header.get("settings", {}).items()
        if name not in _NOT_THE_MEASURE
    }
    unjudged = sum(sample.verdict is Verdict.INFRA_ERROR for sample in samples)
    k = _reported_k(path)
    compiled = read_compiled(path.with_name(path.name.removesuffix(_SUFFIX) + COMPILED))
    return Measured({**measure(samples, k), **compile_values(compiled, k)}, settings, unjudged)


def _reported_k(path: Path) -> list[int]:
    scores = path.with_name(path.name.removesuffix(_SUFFIX) + ".json")
    if not scores.is_file():
        return [1]
    try:
        return [int(size) for size in json.loads(scores.read_bytes())["k"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ResumeRefused(f"{scores} is damaged: delete it and evaluate again") from error


def _common(runs: Sequence[Values]) -> list[str]:
    return sorted(set.intersection(*(set(run) for run in runs))) if runs else []


def _rows(runs: Sequence[Values], problems: Sequence[str]) -> list[list[float]]:
    return [[run[problem] for problem in problems] for run in runs]
