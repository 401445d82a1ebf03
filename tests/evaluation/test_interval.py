"""Intervals that cover as often as they say, and no wider or narrower than they should be."""

import random
from statistics import fmean

import pytest

from evaluation.interval import bootstrap_interval, crossed_interval, paired_interval


def test_the_interval_of_a_mean_is_the_textbook_one():
    rng = random.Random(0)
    values = [rng.gauss(0.5, 0.2) for _ in range(400)]
    low, high = bootstrap_interval(values, seed=0)
    margin = 1.96 * 0.2 / 20
    assert low == pytest.approx(fmean(values) - margin, abs=0.1 * margin)
    assert high == pytest.approx(fmean(values) + margin, abs=0.1 * margin)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = random.Random(1)
    held = 0
    for trial in range(300):
        low, high = bootstrap_interval(
            [float(rng.random() < 0.3) for _ in range(150)], trial, level=0.9, resamples=300
        )
        held += low <= 0.3 <= high
    assert 0.85 < held / 300 < 0.95


def test_pairing_sees_what_hides_between_unequal_problems():
    rng = random.Random(2)
    hard = [rng.random() for _ in range(200)]
    better = [value + 0.01 + rng.gauss(0, 0.01) for value in hard]
    low, high = paired_interval(hard, better, seed=0)
    assert 0.005 < low < 0.01 < high < 0.015
    apart = bootstrap_interval(better, seed=0)
    assert apart[1] - apart[0] > 10 * (high - low)


def test_swapping_the_sides_turns_the_interval_round():
    a, b = [0.0, 0.5, 1.0, 0.25], [0.5, 0.5, 0.75, 1.0]
    low, high = paired_interval(a, b, seed=3)
    assert paired_interval(b, a, seed=3) == pytest.approx((-high, -low))


def test_seeds_that_disagree_widen_the_interval():
    agreeing = [[0.5, 0.6, 0.4] * 40] * 3
    disagreeing = [[value + shift for value in agreeing[0]] for shift in (-0.2, 0.0, 0.2)]
    narrow, wide = crossed_interval(agreeing, None, 0), crossed_interval(disagreeing, None, 0)
    assert wide[1] - wide[0] > 5 * (narrow[1] - narrow[0])
    assert fmean(wide) == pytest.approx(fmean(narrow), abs=0.03)


def test_one_seed_is_the_plain_interval():
    values = [0.1, 0.9, 0.4, 0.6]
    assert crossed_interval([values], None, 7) == bootstrap_interval(values, 7)


def test_the_seed_decides():
    values = [float(i % 3 == 0) for i in range(50)]
    assert bootstrap_interval(values, 0) == bootstrap_interval(values, 0)
    assert bootstrap_interval(values, 0, resamples=99) != bootstrap_interval(
        values, 1, resamples=99
    )


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(ValueError, match="without values"):
        bootstrap_interval([], 0)
    with pytest.raises(ValueError, match="pair them by problem"):
        paired_interval([0.0, 1.0], [1.0], 0)
    with pytest.raises(ValueError, match=r"level=1\.0"):
        bootstrap_interval([0.5], 0, level=1.0)
    with pytest.raises(ValueError, match="resamples=0"):
        bootstrap_interval([0.5], 0, resamples=0)
