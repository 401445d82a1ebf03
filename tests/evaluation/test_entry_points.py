import pytest

from whetstone.evaluation.entry_points import entry_points


@pytest.mark.parametrize(
    ("reference", "tests", "expected"),
    [
        ("def f(): return 1\ndef helper(): ...", "assert f() == 1", ("f",)),
        # Two names: the tests build the argument with a class of the reference.
        (
            "class Pair: ...\r\ndef longest(pairs): return 0",
            "assert longest([Pair()]) == 0",
            ("Pair", "longest"),
        ),
        # The name of a builtin counts when the reference defines it.
        ("def sum(a, b): return a + b", "assert sum(1, 2) == 3", ("sum",)),
        ("def f(): return [1]", "assert sorted(f()) == [1]", ("f",)),
        # An import of the reference is not the candidate's to supply.
        ("import math\ndef f(): return 1.0", "assert math.isclose(f(), 1.0)", ("f",)),
        # Names that the tests define themselves, as parameters or functions.
        (
            "candidate = 1\ncheck = 2\ndef f(): return 1",
            "def check(candidate):\n    assert candidate() == 1\ncheck(f)",
            ("f",),
        ),
        ("f = lambda: 1", "assert f() == 1", ("f",)),
        ("try:\n    def f(): return 1\nexcept NameError:\n    ...", "assert f() == 1", ("f",)),
        # A local variable of a function is no module-level name.
        ("def g():\n    f = 1\n    return f", "assert f == 1", ()),
    ],
)
def test_names_that_the_reference_defines_and_the_tests_use(reference, tests, expected):
    assert entry_points(reference, tests) == expected
