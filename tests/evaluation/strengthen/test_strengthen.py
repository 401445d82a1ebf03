"""Weak tests of each form: what they miss is found, and nothing is added that nobody knows."""

import json
from dataclasses import replace

import pytest

from whetstone.evaluation.audit.mutants import mutants
from whetstone.evaluation.audit.problem import of_row
from whetstone.evaluation.audit.trial import passed, run_programs
from whetstone.evaluation.strengthen.answers import LATE, NO_DATA, RAISES, answers_to_calls
from whetstone.evaluation.strengthen.strengthen import Search, strengthen
from whetstone.rewards.sandbox import Sandbox

SEARCH = Search(timeout_s=1.0, mutants=20, inputs=60, seed=0)
BETWEEN = "def between(n, low, high):\n    return low <= n and n <= high\n"
LARGEST = """\
def largest(xs):
    best = xs[0]
    for x in xs:
        if x > best:
            best = x
    return best
"""
PRINTS = """\
count = int(input())
numbers = [int(word) for word in input().split()]
print(sum(number for number in numbers if number >= 10))
"""
EQUATIONS = (
    "between(5, 1, 9) == True",
    "between(12, 3, 7) == False",
    "between(0, 2, 8) == False",
)
ROWS = {
    "asserts": {
        "tests": "".join(f"assert {one}\n" for one in EQUATIONS),
        "entry_points": ["between"],
        "reference": BETWEEN,
    },
    "checks": {
        "tests": "def check(candidate):\n    assert candidate([1, 5, 3]) == 5\n"
        "    assert candidate([2, 9, 4, 9]) == 9\ncheck(largest)",
        "entry_points": ["largest"],
        "reference": LARGEST.replace("xs[0]", "0"),
    },
    "pytest": {
        "tests": "from solution import between\n\n"
        + "".join(f"def test_{n}():\n    assert {one}\n\n" for n, one in enumerate(EQUATIONS)),
        "entry_points": ["between"],
        "reference": BETWEEN,
    },
    "calls": {
        "tests": [
            {"args": [5, 1, 9], "expected": True},
            {"args": [12, 3, 7], "expected": False},
            {"args": [0, 2, 8], "expected": False},
        ],
        "entry_points": ["between"],
        "reference": BETWEEN,
    },
    "inputs": {
        "tests": [
            {"input": "3\n1 20 5\n", "output": "20\n"},
            {"input": "4\n12 7 8 40\n", "output": "52\n"},
            {"input": "2\n30 9\n", "output": "30\n"},
        ],
        "reference": PRINTS,
    },
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(timeout_s=1.0) as opened:
        yield opened


def look(sandbox, row, search=SEARCH, **more):
    row = {"id": "p", "prompt": "?", **row, **more}
    return row, strengthen(sandbox, of_row(row, "?"), row, search)


@pytest.mark.parametrize("form", ["asserts", "pytest", "calls", "inputs"])
def test_survivors_are_killed_and_right_programs_pass(sandbox, form):
    row, found = look(sandbox, ROWS[form])
    assert found.added
    assert 0 < found.killed <= found.survived
    stronger = of_row({**row, "tests": found.tests}, "?")
    sources = [source for _, source in mutants(stronger.reference, SEARCH.mutants)]
    [[right, *mutated]] = run_programs(sandbox, [stronger], [[stronger.reference, *sources]])
    assert passed(right)
    assert sum(map(passed, mutated)) == found.survived - found.killed
    before = of_row(row, "?")
    [[weak]] = run_programs(sandbox, [before], [[stronger.reference]])
    assert right.total_tests == weak.total_tests + len(found.added)


def test_a_new_test_is_written_like_the_others(sandbox):
    _, asserts = look(sandbox, ROWS["asserts"])
    assert all(test.startswith("assert between(") for test in asserts.added)
    _, functions = look(sandbox, ROWS["pytest"])
    assert "def test_added_1():" in functions.tests
    _, calls = look(sandbox, ROWS["calls"])
    assert json.loads(calls.tests)[:3] == ROWS["calls"]["tests"]
    assert all(set(test) == {"args", "expected"} for test in calls.added)


def test_the_same_tests_are_found_again(sandbox):
    assert look(sandbox, ROWS["asserts"]) == look(sandbox, ROWS["asserts"])


def test_where_right_programs_disagree_nothing_is_added(sandbox):
    """The second leaves the limits out; the tests do not say which is meant."""
    other = "def between(n, low, high):\n    return low < n < high\n"
    _, alone = look(sandbox, ROWS["asserts"])
    _, found = look(sandbox, ROWS["asserts"], solutions=[other])
    assert "right programs disagree" not in alone.unusable
    assert found.killed < alone.killed
    assert found.unusable["right programs disagree"] > 0


def test_a_program_that_fails_the_tests_has_no_say(sandbox):
    _, alone = look(sandbox, ROWS["asserts"])
    _, found = look(sandbox, ROWS["asserts"], solutions=["def between(n, low, high):\n    pass\n"])
    assert found.added == alone.added or found.killed == alone.killed


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError", f"a right program {RAISES}"),
        ("return object()", f"a right program {NO_DATA}"),
        ("return random()", "right programs disagree"),
        ("return Number(7)", f"a right program {NO_DATA}"),
        ("return None", "it returns another type than in the tests"),
        ("return x / 3", None),
    ],
)
def test_where_no_answer_is_known_no_test_is_written(sandbox, body, reason):
    """The two inputs of the tests are answered; all others as the body says."""
    reference = (
        "from random import random\nclass Number(int):\n    pass\n"
        "def f(x):\n    if x == 9999:\n        return 0.0\n"
        f"    if x in (4, 6):\n        return x / 4 + 1 - 1\n    {body}\n"
    )
    tests = "assert f(4) == 1.0\nassert f(6) == 1.5\n"
    _, found = look(sandbox, {"tests": tests, "reference": reference, "entry_points": ["f"]})
    assert found.survived
    if reason is None:
        assert all(test.startswith("assert abs(f(") for test in found.added)
    else:
        assert not found.added
        assert reason in found.unusable


def test_fractions_are_no_expected_value_inside_a_list(sandbox):
    """Unless they were given: then nothing was computed that another program may round."""
    short = "def f(xs):\n    if len(xs) == 99:\n        return xs\n    return "
    given = {"tests": "assert f([3.0, 1.5]) == [{}]\nassert f([]) == []", "entry_points": ["f"]}
    for body, result, expected in (
        ("sorted(xs)\n", "1.5, 3.0", False),
        ("[x / 3 for x in xs]\n", "1.0, 0.5", True),
    ):
        row = {**given, "tests": given["tests"].format(result), "reference": short + body}
        _, found = look(sandbox, row)
        assert found.survived
        told = "it returns fractions, which may be rounded otherwise"
        assert (told in found.unusable) is expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"tests": "assert between(1, 0, 2)"}, "it has no reference"),
        (
            {"tests": "assert between(1, 2, 3)", "reference": BETWEEN},
            "its reference does not pass each time",
        ),
        (
            {"tests": "assert sorted([between(1, 0, 2)]) == [True]", "reference": BETWEEN},
            "its tests do more with a result than to compare it",
        ),
        ({"tests": "assert f() == 1", "reference": "def f():\n    return 1"}, "no mutant survives"),
    ],
)
def test_what_cannot_be_strengthened_says_why(sandbox, row, reason):
    _, found = look(sandbox, row)
    assert found.reason == reason
    assert found.added == []


def test_a_call_that_ends_the_process_takes_no_other_along(sandbox):
    program = (
        "import os\ndef f(n):\n    print('noise')\n    if n == 1:\n        os._exit(0)\n"
        "    while n == 3:\n        pass\n    return n\n"
    )
    [found] = answers_to_calls(sandbox, [program], [f"f({n})" for n in range(6)], 0.5)
    assert [one.value for one in found] == [0, None, 2, None, 4, 5]
    assert [one.missing for one in found] == ["", LATE, "", LATE, "", ""]


@pytest.mark.parametrize("checker", ["lines", "floats"])
def test_a_fraction_that_is_printed_needs_a_checker_that_rounds(sandbox, checker):
    reference = "n = int(input())\nprint(n / 7 if n > 3 else 0.5)\n"
    tests = [{"input": f"{n}\n", "output": f"{n / 7}\n"} for n in (5, 40, 23)]
    row = {"tests": tests, "reference": reference, "checker": checker}
    _, found = look(sandbox, row)
    told = "it prints fractions, which may be rounded otherwise"
    assert (told in found.unusable) is (checker == "lines")


@pytest.mark.parametrize(("dear_from", "is_added"), [(50, False), (500, True)])
def test_a_test_that_takes_long_is_not_added(sandbox, dear_from, is_added):
    """Only numbers of 60 and more tell the mutants apart, and may take a fifth of the limit."""
    reference = (
        f"import time\ndef f(n):\n    if n > {dear_from}:\n"
        "        end = time.process_time() + 0.08\n"
        "        while time.process_time() < end:\n            pass\n"
        "    return min(n, 60)\n"
    )
    tests = "".join(f"assert f({n}) == {n}\n" for n in (1, 3, 25, 40))
    row = {"tests": tests, "reference": reference, "entry_points": ["f"]}
    _, found = look(sandbox, row, replace(SEARCH, inputs=12, timeout_s=0.4))
    assert found.survived
    assert bool(found.added) is is_added
