"""How outputs are compared, rule by rule."""

import pytest

from whetstone.rewards.sandbox.scripts.compare import CHECKERS, first_difference

RIGHT, WRONG = True, False


@pytest.mark.parametrize(
    ("output", "expected", "lines", "tokens", "floats", "exact"),
    [
        ("1 2\n", "1 2", RIGHT, RIGHT, RIGHT, RIGHT),
        ("1 2\n\n", "1 2", RIGHT, RIGHT, RIGHT, WRONG),
        ("1\n2\n", "1 2\n", WRONG, RIGHT, RIGHT, WRONG),
        ("1  2\n", "1 2\n", RIGHT, RIGHT, RIGHT, WRONG),
        ("a  b\n", "a b\n", WRONG, RIGHT, RIGHT, WRONG),
        (" a \n", "a\n", RIGHT, RIGHT, RIGHT, WRONG),
        ("1.0\n", "1\n", RIGHT, WRONG, RIGHT, WRONG),
        ("00101\n", "101\n", RIGHT, WRONG, RIGHT, WRONG),
        ("0.3333333\n", "0.3333334\n", WRONG, WRONG, RIGHT, WRONG),
        ("0.3333\n", "0.3334\n", WRONG, WRONG, WRONG, WRONG),
        ("x 1.0\n", "x 1\n", WRONG, WRONG, RIGHT, WRONG),
        ("nan\n", "NaN\n", WRONG, WRONG, WRONG, WRONG),
        ("nan\n", "nan\n", RIGHT, RIGHT, RIGHT, RIGHT),
        ("snan\n", "1\n", WRONG, WRONG, WRONG, WRONG),
        ("INF\n", "Infinity\n", RIGHT, WRONG, RIGHT, WRONG),
        ("1e400\n", "inf\n", WRONG, WRONG, RIGHT, WRONG),
        ("YES\n", "yes\n", WRONG, WRONG, WRONG, WRONG),
        ("1\n2\n", "2\n1\n", WRONG, WRONG, WRONG, WRONG),
        ("1\n2\n3\n", "1\n2\n", WRONG, WRONG, WRONG, WRONG),
        ("1\n", "1\n2\n", WRONG, WRONG, WRONG, WRONG),
        ("", "\n", RIGHT, RIGHT, RIGHT, RIGHT),
    ],
)
def test_what_each_checker_accepts(output, expected, lines, tokens, floats, exact):
    wanted = {"lines": lines, "tokens": tokens, "floats": floats, "exact": exact}
    found = {
        name: first_difference(name, output, expected, 1e-6) is None
        for name in CHECKERS
        if name in wanted
    }
    assert found == wanted
    assert (first_difference("livecodebench", output, expected, 0) is None) == lines


def test_the_first_difference_is_told():
    assert first_difference("lines", "1\n3\n4", "1\n2\n5", 0) == "line 2 is '3', not '2'"
    assert first_difference("tokens", "1", "1 2 3", 0) == "it printed 1 word, not 3"


def test_numbers_of_any_length_are_compared_at_once():
    long = "9" * 100_000
    assert first_difference("lines", long + ".0", long, 0) is None
    assert first_difference("floats", long, "1", 1e-6) is not None
