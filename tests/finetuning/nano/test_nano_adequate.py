import pytest

from whetstone.finetuning.nano.adequate import adequate_suite
from whetstone.finetuning.nano.trusted import passes

REFERENCE = "def f(s):\n    return set(s)\n"


def function(expression):
    return f"def f(s):\n    return {expression}\n"


def test_tests_kill_every_mutant_that_differs_somewhere():
    mutants = [function("list(s)"), function("set(s[:3])"), function("{x for x in s}")]
    suite = adequate_suite(REFERENCE, mutants, ["", "a", "ab", "abc", "dcba", "aa"])
    assert suite.killed == (True, True, False)
    assert [passes(program, suite.tests) for program in [REFERENCE, *mutants]] == [
        True,
        False,
        False,
        True,
    ]


def test_sets_are_written_in_one_order():
    suite = adequate_suite(REFERENCE, [], ["", "dcba", "x", "b a"])
    assert suite.tests.splitlines() == [
        "assert f('') == set()",
        "assert f('dcba') == {'a', 'b', 'c', 'd'}",
        "assert f('x') == {'x'}",
        "assert f('b a') == {' ', 'a', 'b'}",
    ]


def test_a_mutant_that_raises_is_killed():
    suite = adequate_suite(REFERENCE, [function("set(s[0])")], ["a", "b", "c", "", "d"])
    assert suite.killed == (True,)
    assert "assert f('') == set()\n" in suite.tests


def test_a_pool_that_needs_too_many_tests_is_refused():
    pool = list("abcdefgh")
    mutants = [function(f"{{{letter!r}}} ^ {{s, '!'}}") for letter in pool]
    one_each = [function(f"set() if s == {letter!r} else set(s)") for letter in pool]
    assert adequate_suite(REFERENCE, mutants, pool).killed == (True,) * 8
    with pytest.raises(ValueError, match="8 tests, more than 6"):
        adequate_suite(REFERENCE, one_each, pool)


def test_asserts_count_even_where_python_drops_them():
    assert not passes(REFERENCE, "assert f('a') == 'a'\n")
    assert passes(REFERENCE, "assert f('a') == {'a'}\n")
