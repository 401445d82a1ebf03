"""What tests say of a function: which arguments it gets, and how its results are compared."""

import pytest

from whetstone.evaluation.strengthen.calls_read import (
    Arguments,
    Comparison,
    UnreadableTestsError,
    calls_of,
)

CHECK = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(5) == 6\n"


def given(tests, points=("f",)):
    return [(one.values, one.names) for one in calls_of(tests, points).inputs]


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ("assert f(1, [2]) == 3\nassert f(4) == 5", [((1, [2]), ()), ((4,), ())]),
        ("assert f(1, key='a') == 3", [((1, "a"), ("key",))]),
        (CHECK + "check(f)", [((1,), ()), ((5,), ())]),
        ("def test_one():\n    assert 3 == f(2)", [((2,), ())]),
        (
            "import pytest\nassert f(1) == 2\nwith pytest.raises(ValueError):\n    f(0)",
            [((1,), ())],
        ),
        ("assert f(1) == 2 and f(3) == 4", [((1,), ()), ((3,), ())]),
        ("x = 5\nassert f(x) == 2\nassert f(1) == 2\nassert f(1) == 2", [((1,), ())]),
    ],
)
def test_literal_arguments_are_found(tests, expected):
    assert given(tests) == expected


def test_a_method_is_found_by_its_path():
    assert given("assert Solution().f(2) == 4", ["Solution().f"]) == [((2,), ())]


@pytest.mark.parametrize(
    ("tests", "comparison", "tolerance"),
    [
        ("assert f(1) == 2", Comparison.EQUAL, 1e-6),
        ("assert f(1) is None", Comparison.EQUAL, 1e-6),
        ("assert abs(f(1) - 0.5) < 0.25", Comparison.CLOSE, 0.25),
        ("assert f(1) == 2.0\nassert abs(f(2) - 0.5) <= 1e-3", Comparison.CLOSE, 1e-3),
        ("import math\nassert math.isclose(f(1), 2, abs_tol=1e-2)", Comparison.CLOSE, 1e-2),
        ("assert f(1)\nassert not f(2)\nassert f(3) == True", Comparison.TRUTH, 1e-6),
    ],
)
def test_the_weakest_comparison_counts(tests, comparison, tolerance):
    calls = calls_of(tests, ["f"])
    assert (calls.comparison, calls.tolerance) == (comparison, tolerance)


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("assert sorted(f([1])) == [1]", "do more with a result"),
        ("assert f(f(1)) == 1", "do more with a result"),
        ("assert f(1)[0] == 1\nassert f(2) == 3", "do more with a result"),
        ("x = f(1)\nassert x == 2", "do more with a result"),
        ("assert f(1) in (2, 3)", "do more with a result"),
        ("assert f(1) != 3", "do more with a result"),
        ("assert f(1) == 2 or f(1) == 3", "do more with a result"),
        ("from random import random\nassert f(random()) == 1", "no literal arguments"),
        ("assert g(1) == 2", "call no entry point"),
    ],
)
def test_tests_that_ask_otherwise_are_left_alone(tests, words):
    with pytest.raises(UnreadableTestsError, match=words):
        calls_of(tests, ["f"])


def test_a_call_is_written_with_its_names():
    assert Arguments((1, "a", [2]), ("by",)).call("g") == "g(1, 'a', by=[2])"
