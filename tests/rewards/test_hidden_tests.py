import ast
import logging

import pytest

from whetstone.rewards.hidden_tests import HackGap, RewardHackedError, split_source, split_tests

ASSERTS = "import math\n" + "\n".join(f"assert f({n}) == {n}" for n in range(6))
CHECK = "def check(g):\n" + "\n".join(f"    assert g({n}) == {n}" for n in range(4)) + "\ncheck(f)"


def asserts(source):
    return [
        ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)
    ]


@pytest.mark.parametrize("tests", [ASSERTS, CHECK])
@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.5, 0.99])
def test_every_assert_is_on_one_side_and_the_first_is_visible(tests, fraction):
    visible, hidden = split_tests(tests, fraction)
    assert sorted(asserts(visible) + asserts(hidden)) == sorted(asserts(tests))
    assert asserts(visible)[0] == asserts(tests)[0]
    assert len(asserts(hidden)) == min(
        max(round(fraction * len(asserts(tests))), 1), len(asserts(tests)) - 1
    )


def test_what_is_no_assert_is_on_both_sides():
    for part in split_tests(ASSERTS, 0.5):
        assert part.startswith("import math")
    for part in split_tests(CHECK, 0.5):
        assert part.endswith("check(f)")


def test_the_division_depends_on_the_tests_alone():
    assert split_tests(ASSERTS, 0.5) == split_source.__wrapped__(ASSERTS, 0.5)


@pytest.mark.parametrize(
    "tests",
    [
        "assert f(1) == 1",
        "assert (",
        "for x in range(3):\n    assert f(x) == x",
        # A helper that many tests share must keep its assert.
        "def same(a, b):\n    assert a == b\n    assert b == a\nsame(f(1), 1)\nsame(f(2), 2)",
    ],
)
def test_tests_that_cannot_be_divided_stay_whole(tests):
    assert split_tests(tests, 0.5) == (tests, None)


def test_no_fraction_divides_nothing():
    assert split_tests(ASSERTS, 0.0) == (ASSERTS, None)


def test_a_growing_gap_warns_once_a_step(caplog):
    gap = HackGap(warning=0.1, stop=None)
    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            gap.add(0.0)
        assert caplog.records == []
        for _ in range(40):
            gap.add(0.15)
        assert len(caplog.records) == 1
        for _ in range(40):
            gap.add(0.4)
    assert 2 <= len(caplog.records) <= 3
    assert "may be learning the tests" in caplog.text


def test_one_odd_batch_does_not_stop_a_run():
    gap = HackGap(warning=1.0, stop=0.3)
    for _ in range(19):
        gap.add(0.0)
    gap.add(1.0)


def test_a_lasting_gap_stops_the_run_on_request():
    gap = HackGap(warning=0.1, stop=0.3)
    for _ in range(19):
        gap.add(0.5)
    with pytest.raises(RewardHackedError, match=r"hack_gap_stop=0\.3"):
        gap.add(0.5)
