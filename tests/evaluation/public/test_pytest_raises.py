"""Tests that need pytest for an expected exception are judged without it, and alike."""

import pytest

from whetstone.evaluation.public.pytest_raises import without_pytest
from whetstone.rewards.sandbox import Sandbox, Verdict

TESTS = """\
import pytest
from solution import half

def test_even():
    assert half(4) == 2

def test_odd():
    with pytest.raises(ValueError):
        half(3)

def test_words():
    with pytest.raises(ValueError, match="od+ number"):
        half(5)
"""
RIGHT = """\
def half(n):
    if n % 2:
        raise ValueError(f"{n} is an odd number")
    return n // 2
"""


def test_right_programs_pass_and_wrong_ones_fail():
    programs = {
        RIGHT: Verdict.PASSED,
        RIGHT.replace("odd", "even"): Verdict.FAILED,
        RIGHT.replace("ValueError", "TypeError"): Verdict.ERROR,
        "def half(n):\n    return n // 2\n": Verdict.FAILED,
    }
    tests = without_pytest(TESTS)
    assert "pytest" not in tests
    with Sandbox() as sandbox:
        results = [sandbox.run(one, tests, entry_points=["half"]) for one in programs]
    assert [result.verdict for result in results] == [*programs.values()]
    assert results[0].total_tests == 3


@pytest.mark.parametrize(
    "tests",
    [
        "from solution import f\ndef test_one():\n    assert f() == 'pytest'\n",
        "import pytest\n@pytest.fixture\ndef one():\n    return 1\n",
        "import pytest\ndef test_one():\n    assert f() == pytest.approx(1)\n",
        "import pytest\nwith pytest.raises(ValueError) as info:\n    f()\nassert info.value\n",
        "import pytest\npytest.raises(ValueError, f, 1)\n",
        "import pytest as p\nwith p.raises(ValueError):\n    f()\n",
        "import pytest, unittest\nunittest.main()\nwith pytest.raises(ValueError):\n    f()\n",
        "import pytest\nthis is no Python\n",
    ],
)
def test_anything_else_stays_as_it_is(tests):
    assert without_pytest(tests) == tests
