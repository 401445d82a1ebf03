"""Bootstrap confidence intervals of a mean over problems (Efron 1979, percentile form).

What is resampled is what another measurement would draw anew: the problems, and the training seeds
where a configuration was run with several. Two measurements of the same problems are compared
problem by problem, which is what makes a small difference visible at all. It refuses nothing to
compute on, and says no more than it can: with fewer than about twenty problems, or with two or
three seeds, percentile intervals are known to be too narrow.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
"""The lower and the upper end."""


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
    rng = np.random.default_rng(seed)
    weights_R_P = rng.multinomial(problems, np.full(problems, 1 / problems), resamples) / problems
    means_R = _resampled(values, weights_R_P, rng)
    if minus_T_P is not None:
        minus = np.atleast_2d(np.asarray(minus_T_P, dtype=float))
        if minus.shape[1] != problems:
            raise ValueError(f"{problems} and {minus.shape[1]} values: pair them by problem")
        means_R = means_R - _resampled(minus, weights_R_P, rng)
    low, high = np.quantile(means_R, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _resampled(
    values_S_P: NDArray[np.float64], weights_R_P: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the mean of each resample of problems, under a draw of seeds of its own."""
    seeds = len(values_S_P)
    weights_R_S = rng.multinomial(seeds, np.full(seeds, 1 / seeds), len(weights_R_P)) / seeds
    means_R: NDArray[np.float64] = ((weights_R_P @ values_S_P.T) * weights_R_S).sum(axis=1)
    return means_R
