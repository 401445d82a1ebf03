"""Tests that cannot judge a program are told by their source, or by a program of nothing."""

import pytest

from whetstone.rewards.empty_program import doubtful_problems, solved_by_nothing
from whetstone.rewards.sandbox import Sandbox
from whetstone.rewards.sandbox.statements import UnrunnableTestsError, compile_tests
from whetstone.rewards.tests_source import LIBRARY, may_pass_nothing, plainly_judge, wrong_tests

RIGHT = [
    ("assert area(2, 3) == 6\n", "", ()),
    ("assert area(2, 3) == 6", "", ("area",)),
    (
        "def check(c):\n    assert c(x=1) == 2\ncheck(Box().area)",
        "",
        ("Box().area",),
    ),
    ("from solution import area\ndef t():\n    assert area(1, 1) == 1\nt()", "", ()),
    ("import math\nassert math.isclose(half(3), 1.5)", "", ()),
    ("try:\n    import numpy\nexcept ImportError:\n    numpy = None\nassert half(2) == 1", "", ()),
    ("for given, wanted in [(2, 1)]:\n    assert half(given) == wanted", "", ("half",)),
    ("assert twice(2) == helper(4)", "def helper(x):\n    return x\n", ("twice",)),
    ("assert gcd(4, 6) == 2", "", ("gcd",)),
]


@pytest.mark.parametrize(("tests", "prefix", "names"), RIGHT)
def test_tests_that_ask_the_program_are_let_through(tests, prefix, names):
    assert list(wrong_tests(tests, prefix, names)) == []
    assert not may_pass_nothing(tests, prefix, names)


@pytest.mark.parametrize(
    ("tests", "names", "told"),
    [
        ("assert True", (), "ask nothing of the program"),
        ("assert 2 + 2 == 4", ("add",), "ask nothing of the program"),
        ("def add(a, b):\n    return a + b\nassert add(1, 2) == 3", ("add",), "define add"),
        ("class Box:\n    size = 1\nassert Box().size == 1", (), "define Box"),
        ("def check(candidate):\n    assert candidate(1)", ("Box().f",), "check(Box().f)"),
        ("import no_such_thing\nassert f(1)", (), "no module no_such_thing"),
        ("def t():\n    from elsewhere import x\n    assert f(x)\nt()", (), "line 2"),
        ("from candidate import f\nassert f(1)", (), "leave the import out"),
        ("assert f(1) =", (), "not Python"),
        ("assert f(" + "(" * 3000 + ")" * 3000 + ")", (), "not Python"),
    ],
)
def test_tests_that_judge_nothing_are_told(tests, names, told):
    assert told in "; ".join(wrong_tests(tests, "", names))
    assert not plainly_judge(tests, "", names, LIBRARY)


def test_the_sandbox_refuses_an_import_for_the_same_reason():
    tests = "from candidate import f\nfrom . import g\nimport no_such_thing\nassert f(1)"
    with pytest.raises(UnrunnableTestsError) as refused:
        compile_tests(tests)
    assert str(refused.value) == "; ".join(wrong_tests(tests))
    assert str(refused.value).count("leave the import out") == 2
    assert "reward.execution.packages=[no_such_thing]" in str(refused.value)


def test_a_quick_look_never_lets_through_what_a_thorough_one_tells():
    assert plainly_judge("assert area(2, 3) == 6", "", (), LIBRARY)
    assert not plainly_judge("import numpy\nassert area(2, 3) == 6", "", (), LIBRARY)
    assert not plainly_judge("area = max\nassert area(2, 3) == 6", "", (), LIBRARY)
    assert not plainly_judge("assert isclose(2, 3)", "", (), LIBRARY)


def test_what_nothing_solves_is_found_by_running_nothing():
    tests = [
        "assert f(1) == 2",
        "try:\n    assert f(1) == 2\nexcept Exception:\n    pass",
        "assert f(1) == 2",
        "for x in range(0):\n    assert f(x)",
        "assert True or f(1)",
    ]
    prefix = [None, None, "def f(x):\n    return x + 1\n", None, None]
    doubtful = doubtful_problems(tests, prefix)
    assert {one.index for one in doubtful} >= {1, 2, 4}
    assert 0 not in {one.index for one in doubtful}
    with Sandbox(workers=1) as sandbox:
        assert {1, 2, 4} <= set(solved_by_nothing(sandbox, doubtful))
