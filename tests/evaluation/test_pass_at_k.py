from itertools import combinations
from math import comb

import pytest

from whetstone.evaluation.pass_at_k import pass_at_k


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (5, 2, 1, 2 / 5),
        # Of the ten pairs of 5 completions, three hold neither of the 2 right ones.
        (5, 2, 2, 7 / 10),
        (4, 1, 3, 3 / 4),
        (10, 0, 10, 0.0),
        (10, 10, 1, 1.0),
        (10, 1, 10, 1.0),
        (1, 1, 1, 1.0),
    ],
)
def test_values_worked_out_by_hand(n, c, k, expected):
    assert pass_at_k(n, c, k) == pytest.approx(expected, abs=1e-15)


def test_agrees_with_the_combinatorial_definition():
    for n in range(1, 13):
        for c in range(n + 1):
            for k in range(1, n + 1):
                exact = 1 - comb(n - c, k) / comb(n, k)
                assert pass_at_k(n, c, k) == pytest.approx(exact, abs=1e-12)


def test_is_the_share_of_draws_that_hold_a_right_completion():
    right = [True, True, False, False, False, False, True]
    draws = list(combinations(right, 3))
    share = sum(any(draw) for draw in draws) / len(draws)
    assert pass_at_k(7, 3, 3) == pytest.approx(share)


def test_stays_exact_where_binomials_overflow_a_float():
    assert pass_at_k(2000, 1, 1000) == pytest.approx(0.5)
    assert pass_at_k(100_000, 5, 1) == pytest.approx(5e-5, rel=1e-9)


@pytest.mark.parametrize(("n", "c", "k"), [(5, 2, 6), (5, 2, 0), (5, 6, 1), (5, -1, 1), (0, 0, 1)])
def test_refuses_what_has_no_estimate(n, c, k):
    with pytest.raises(ValueError, match="n="):
        pass_at_k(n, c, k)
