"""Bootstrap confidence intervals of a mean over problems (Efron 1979, percentile form).

What is resampled is what another measurement would draw anew: the problems, and the training seeds
where a configuration was run with several. Two measurements of the same problems are compared
problem by problem, which is what makes a small difference visible at all.

Resampling cannot show what no problem has shown: from four failures it draws four failures, and
the interval is a point. Where that happens, the share of problems that may still differ from those
that were seen is bounded instead, by Wilson's score (1927) for a mean and exactly (Clopper and
Pearson 1934) for a difference, so that none is called clear on fewer than six problems that differ.
Six is the least with which a two-sided sign test at 5 % can come out clear. That count alone is
taken from it: the interval is of the mean, so that a few large gains outweigh a small loss, while a
sign test would count each as one. With fewer than about twenty problems, or with two or three
seeds, percentile intervals are known to be too narrow nevertheless.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
"""The lower and the upper end."""

RATE: Interval = (0.0, 1.0)
"""The bounds of a share or a probability."""
_FEWEST_DIFFERING = 6
"""Fewer problems that differ, all in one direction, happen by chance in more than 5 % of cases."""


class Direction(StrEnum):
    """What an interval says of a difference."""

    BETTER = "better"
    """All of it is above zero."""
    UNCLEAR = "unclear"
    """It includes zero."""
    WORSE = "worse"
    """All of it is below zero."""


def direction(interval: Interval) -> Direction:
    """Say which direction a difference has: the one place where that is decided."""
    low, high = interval
    if low > 0:
        return Direction.BETTER
    return Direction.WORSE if high < 0 else Direction.UNCLEAR


def bootstrap_interval(
    values: Sequence[float], seed: int, level: float = 0.95, resamples: int = 2000
) -> Interval:
    """Return the interval of the mean of one value for each problem.

    Args:
        values: one figure for each problem.
        seed: of the resampling; the same seed gives the same interval.
        level: how often such an interval holds the true mean, 0 to 1.
        resamples: how often the problems are drawn anew.

    Raises:
        ValueError: without values, or for a level or number of resamples out of range.

    """
    return crossed_interval([values], None, seed, level, resamples)


def paired_interval(
    a: Sequence[float], b: Sequence[float], seed: int, level: float = 0.95, resamples: int = 2000
) -> Interval:
    """Return the interval of the mean of `b - a`, whose places are the same problems.

    Args:
        a: one figure for each problem, of the first measurement.
        b: the same problems' figures, of the second.
        seed: of the resampling; the same seed gives the same interval.
        level: how often such an interval holds the true mean, 0 to 1.
        resamples: how often the problems are drawn anew.

    Raises:
        ValueError: as `bootstrap_interval`, and when the lengths differ.

    """
    return crossed_interval([b], [a], seed, level, resamples)


def crossed_interval(
    values_S_P: ArrayLike,
    minus_T_P: ArrayLike | None,
    seed: int,
    level: float = 0.95,
    resamples: int = 2000,
    bounds: Interval = RATE,
) -> Interval:
    """Return the interval of a mean over training seeds and problems, or of a difference of two.

    Problems and seeds are drawn independently of each other (the crossed form of Owen 2007). Both
    sides of a difference are measured on the same draw of problems; each has its own seeds.

    Args:
        values_S_P: one row for each training seed, one column for each problem.
        minus_T_P: what is subtracted, with the same columns; None for nothing.
        seed: of the resampling.
        level: how often such an interval holds the true mean, 0 to 1.
        resamples: how often problems and seeds are drawn anew.
        bounds: between which the values lie.

    Raises:
        ValueError: as `bootstrap_interval`, and when the columns differ in number.

    """
    values = np.atleast_2d(np.asarray(values_S_P, dtype=float))
    problems = values.shape[1]
    if problems == 0:
        raise ValueError("there is no interval without values: give one for each problem")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level={level}: give more than 0.0 and less than 1.0")
    if resamples < 1:
        raise ValueError(f"resamples={resamples}: give 1 or more")
    weights_R_P, after = _draws_of_problems(problems, resamples, seed)
    rng = np.random.default_rng(seed)
    rng.bit_generator.state = after
    means_R = _resampled(values, weights_R_P, rng)
    minus = None if minus_T_P is None else np.atleast_2d(np.asarray(minus_T_P, dtype=float))
    if minus is not None:
        if minus.shape[1] != problems:
            raise ValueError(f"{problems} and {minus.shape[1]} values: pair them by problem")
        means_R = means_R - _resampled(minus, weights_R_P, rng)
    low, high = np.quantile(means_R, [(1 - level) / 2, (1 + level) / 2])
    drawn = float(low), float(high)
    if minus is None:
        return drawn if np.ptp(values) else _mean_of_equals(values, level, bounds)
    return _with_unseen_changes(drawn, values.mean(axis=0) - minus.mean(axis=0), level, bounds)


@lru_cache(maxsize=4)  # a report has many intervals of the same problems: they share their draws
def _draws_of_problems(
    problems: int, resamples: int, seed: int
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Return the weight of each problem in each resample, and the generator's state after them."""
    rng = np.random.default_rng(seed)
    weights_R_P = rng.multinomial(problems, np.full(problems, 1 / problems), resamples) / problems
    weights_R_P.setflags(write=False)
    return weights_R_P, dict(rng.bit_generator.state)


def _resampled(
    values_S_P: NDArray[np.float64], weights_R_P: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the mean of each resample of problems, under a draw of seeds of its own."""
    seeds = len(values_S_P)
    weights_R_S = rng.multinomial(seeds, np.full(seeds, 1 / seeds), len(weights_R_P)) / seeds
    means_R: NDArray[np.float64] = ((weights_R_P @ values_S_P.T) * weights_R_S).sum(axis=1)
    return means_R


def _mean_of_equals(values_S_P: NDArray[np.float64], level: float, bounds: Interval) -> Interval:
    """Return the interval where every value is the same; of all-zero rates it is Wilson's."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    problems = values_S_P.shape[1]
    return _with_unseen(float(values_S_P.flat[0]), z**2 / (problems + z**2), bounds)


def _with_unseen_changes(
    drawn: Interval, changes_P: NDArray[np.float64], level: float, bounds: Interval
) -> Interval:
    """Widen the interval of a difference that too few problems, or none, show any spread of."""
    differing_D = changes_P[~np.isclose(changes_P, 0.0)]
    if len(differing_D) >= _FEWEST_DIFFERING and not np.isclose(*drawn):
        return drawn
    shown_D = differing_D if len(differing_D) else changes_P
    unseen = 1 - ((1 - level) / 2) ** (1 / len(shown_D))
    reach = bounds[1] - bounds[0]
    weight = len(shown_D) / len(changes_P)
    low, high = _with_unseen(float(shown_D.mean()), unseen, (-reach, reach))
    return min(drawn[0], weight * low), max(drawn[1], weight * high)


def _with_unseen(mean: float, share: float, bounds: Interval) -> Interval:
    """Return between which means the truth lies if that share may be anything within bounds."""
    return mean - share * (mean - bounds[0]), mean + share * (bounds[1] - mean)
