"""What counts as one test, and how many passed."""

import pytest

from whetstone.rewards.sandbox import Verdict
from whetstone.rewards.sandbox.statements import compile_tests

PROGRAM = "def f(x):\n    return {1: 2, 2: 3}[x]\n"
CHECK = "def check(g):\n    assert g(1) == 2\n    assert g(2) == {}\n"


@pytest.mark.parametrize(
    ("tests", "verdict", "passed", "total"),
    [
        ("assert f(1) == 2\nassert f(2) == 3", Verdict.PASSED, 2, 2),
        ("assert f(1) == 9\nassert f(2) == 3\nassert f(2) == 9", Verdict.FAILED, 1, 3),
        ("assert f(3)\nassert f(1) == 9\nassert f(2) == 3", Verdict.ERROR, 1, 3),
        ("assert f(1) == 9\nassert f(3)\nassert f(2) == 3", Verdict.FAILED, 1, 3),
        (CHECK.format(3) + "check(f)", Verdict.PASSED, 1, 1),
        (CHECK.format(4) + "check(f)", Verdict.FAILED, 0, 1),
        (CHECK.format(4) + "check(f)\nassert f(1) == 2", Verdict.FAILED, 1, 2),
        (CHECK.format(3) + "def both(g):\n    check(g)\nboth(f)", Verdict.PASSED, 1, 1),
        ("for x in (1, 2):\n    assert f(x) == x + 1", Verdict.PASSED, 1, 1),
        ("def make():\n    return 1\nx = make()\nassert f(x) == 2", Verdict.PASSED, 1, 1),
        ("'''The tests.'''\nimport math\nassert f(1) == 2", Verdict.PASSED, 1, 1),
        ("import missing\nassert f(1) == 2", Verdict.INFRA_ERROR, 0, 0),
        ("f(1)\nf(2)", Verdict.PASSED, 1, 1),
        ("f(1)\nf(3)", Verdict.ERROR, 0, 1),
        ("", Verdict.PASSED, 0, 0),
    ],
)
def test_counts(sandbox, tests, verdict, passed, total):
    result = sandbox.run(PROGRAM, tests)
    assert (result.verdict, result.passed_tests, result.total_tests) == (verdict, passed, total)


def test_the_total_is_known_of_programs_that_never_reach_the_tests(sandbox):
    tests = "assert f(1) == 2\nassert f(2) == 3"
    for program in ("def f(:", "1 / 0", "import os; os._exit(0)"):
        result = sandbox.run(program, tests)
        assert (result.passed_tests, result.total_tests) == (0, 2)


def test_an_exception_with_a_hostile_message_is_still_an_error(sandbox):
    program = (
        "class Rude(Exception):\n    def __str__(self): raise KeyError\ndef f(x): raise Rude\n"
    )
    result = sandbox.run(program, "assert f(1)")
    assert result.verdict is Verdict.ERROR
    assert result.detail == "Rude in: assert f(1)"


def test_a_statement_keeps_its_source():
    statements = compile_tests("x = 1\nassert (x ==\n        1)").statements
    assert [statement.is_test for statement in statements] == [False, True]
    assert statements[1].source == "assert (x ==\n        1)"


def test_broken_tests_do_not_compile():
    with pytest.raises(SyntaxError):
        compile_tests("assert (")
