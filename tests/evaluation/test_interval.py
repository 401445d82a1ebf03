"""Intervals that cover as often as they say, and no wider or narrower than they should be."""

import random
from statistics import fmean

import pytest

from whetstone.evaluation.interval import (
    Direction,
    bootstrap_interval,
    crossed_interval,
    direction,
    paired_interval,
)


def test_the_interval_of_a_mean_is_the_textbook_one():
    rng = random.Random(0)
    values = [rng.gauss(0.5, 0.2) for _ in range(400)]
    low, high = bootstrap_interval(values, seed=0)
    margin = 1.96 * 0.2 / 20
    assert low == pytest.approx(fmean(values) - margin, abs=0.1 * margin)
    assert high == pytest.approx(fmean(values) + margin, abs=0.1 * margin)


def test_an_interval_does_not_depend_on_those_before_it():
    values, seeds = [0.0, 0.5, 1.0, 1.0], [[0.0, 1.0, 1.0, 0.5], [1.0, 0.0, 0.5, 0.5]]
    alone = crossed_interval(seeds, None, seed=3)
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert crossed_interval(seeds, None, seed=3) == alone


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


def test_four_failures_are_no_proof_that_nothing_can_be_solved():
    low, high = bootstrap_interval([0.0] * 4, seed=0)
    assert (low, high) == pytest.approx((0.0, 0.4899), abs=1e-4)  # Wilson's score for 0 of 4
    low, high = bootstrap_interval([1.0] * 4, seed=0)
    assert (low, high) == pytest.approx((0.5101, 1.0), abs=1e-4)
    assert bootstrap_interval([0.0] * 1000, seed=0)[1] == pytest.approx(0.0038, abs=1e-4)


def test_equal_answers_leave_a_change_of_either_sign_open():
    low, high = paired_interval([0.0] * 4, [0.0] * 4, seed=0)
    assert -1 < low < 0 < high < 1
    low, high = paired_interval([0.5] * 400, [0.5] * 400, seed=0)
    assert (low, high) == pytest.approx((-0.0092, 0.0092), abs=1e-4)


@pytest.mark.parametrize("problems", [1, 5, 200])
@pytest.mark.parametrize("differing", [1, 3, 5])
def test_a_handful_of_problems_shows_no_direction(problems, differing):
    before = [0.0] * max(problems, differing)
    after = [1.0] * differing + before[differing:]
    low, high = paired_interval(before, after, seed=0)
    assert low <= 0 < high
    assert direction((low, high)) is Direction.UNCLEAR
    # Rewards have another scale, and no scale makes five problems clear.
    bounds = (0.0, 0.01)
    small = [0.01 * value for value in after]
    assert crossed_interval([small], [before], 0, bounds=bounds)[0] <= 0


def test_six_problems_that_agree_show_one():
    before = [0.0] * 6
    assert direction(paired_interval(before, [1.0] * 6, seed=0)) is Direction.BETTER
    assert direction(paired_interval([1.0] * 6, before, seed=0)) is Direction.WORSE


def test_no_direction_is_claimed_more_often_than_luck_allows():
    rng = random.Random(3)
    claimed = 0
    for trial in range(400):
        sides = [[rng.choice([0.0, 0.5, 0.5, 1.0]) for _ in range(5)] for _ in range(2)]
        found = paired_interval(*sides, seed=trial, resamples=300)
        claimed += direction(found) is not Direction.UNCLEAR
    assert claimed / 400 < 0.05  # 0.12 with the bootstrap alone


def test_sizes_count_and_not_signs_alone():
    """A sign test of five gains and a loss has p = 0.22; the mean of them is clear."""
    after = [1.0] * 5 + [0.4] + [0.5] * 494
    before = [0.0] * 5 + [0.5] + [0.5] * 494
    assert direction(paired_interval(before, after, seed=0)) is Direction.BETTER
