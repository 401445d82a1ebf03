"""Tests as files for pytest and unittest have them judge as if their runner had run them."""

import pytest

from whetstone.rewards.sandbox import Sandbox

RIGHT, WRONG = "def grow(x): return x + 1", "def grow(x): return x"
CASE = """
import unittest
class Base(unittest.TestCase):
    def setUp(self): self.given = 1
    def test_base(self): self.assertEqual(grow(self.given), 2)
class TestGrow(Base):
    @classmethod
    def setUpClass(cls): cls.most = 5
    def test_most(self):
        with self.subTest(most=self.most): self.assertTrue(grow(self.most) == 6)
    def test_text(self):
        with self.assertRaises(TypeError): grow("1")
    @unittest.skip("another day")
    def test_never(self): self.fail()
"""
FUNCTIONS = """
from solution import grow
def test_one():
    assert grow(1) == 2
def test_two():
    for given, wanted in [(2, 3), (3, 4)]:
        assert grow(given) == wanted
"""
MARKS = """
import pytest
@pytest.mark.parametrize("given, wanted", [(1, 2), pytest.param(2, 3, id="two")])
@pytest.mark.parametrize("by", [0, 10])
def test_each(given, wanted, by):
    assert grow(given + by) == wanted + by
class TestGrow:
    def setup_method(self): self.given = 1
    def test_given(self): assert grow(self.given) == pytest.approx(2)
@pytest.mark.skip
def test_never(): assert False
def test_text():
    with pytest.raises(TypeError): grow("1")
"""
SUPPLIED = """
import unittest
class TestGrow(unittest.TestCase):
    def test_close(self): self.assertTrue(close(grow(1), 2))
"""
ROWS = """
import pytest
@pytest.mark.parametrize(argnames=["given", "wanted"], argvalues=[(1, 2)])
def test_each(given, wanted): assert grow(given) == wanted
"""
ALONE = """
import unittest
class TestGrow(unittest.TestCase):
    def runTest(self): self.assertEqual(grow(1), 2)
"""
LOOPS = {
    "case": """
import unittest
class TestGrow(unittest.TestCase):
    def test_all(self):
        for given in grow(1): self.assertEqual(given, 1)
""",
    "class": """
class TestGrow:
    def test_all(self):
        for given in grow(1): assert given == 1
""",
    "marked": """
import pytest
@pytest.mark.parametrize("by", [1, 2])
def test_all(by):
    for given in grow(by): assert given == 1
""",
    "rows": """
import pytest
@pytest.mark.parametrize("given", grow(1))
def test_all(given): assert given == 1
""",
}
PATCHED = """
from unittest.mock import patch
def test_it():
    with patch("builtins.input", return_value="1"):
        assert grow(1) == 2
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1, packages=["pytest"]) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("tests", "total"),
    [
        (CASE, 4),
        (CASE + "if __name__ == '__main__':\n    unittest.main()\n", 4),
        (CASE + "unittest.main()\n", 4),
        (CASE + "if __name__ == '__main__':\n    sys.exit(unittest.main())\n", 4),
        (f"{CASE}def main():\n    unittest.main()\nif __name__ == '__main__':\n    main()\n", 4),
        (f"{CASE}def main():\n    'Run.'\n    return unittest.main()\nsys.exit(main())\n", 4),
        (ROWS, 1),
        (ALONE, 1),
        (FUNCTIONS, 2),
        (MARKS, 3),
        ("import unittest\ncase = unittest.TestCase()\ncase.assertEqual(grow(1), 2)", 1),
        (f"{MARKS}\nassert grow(7) == 8", 1),
    ],
)
def test_they_judge_as_under_their_runner(sandbox, tests, total):
    right, wrong = sandbox.run(RIGHT, tests), sandbox.run(WRONG, tests)
    assert (right.verdict, right.passed_tests, right.total_tests) == ("passed", total, total)
    assert (wrong.verdict, wrong.total_tests) == ("failed", total)


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("import unittest\ndef grow(x): raise unittest.SkipTest", CASE),
        ("import unittest\nunittest.TestCase.assertEqual = print\ndef grow(x): return x", CASE),
        ("def grow(x): raise SystemExit(0)", FUNCTIONS),
        ("class A(int):\n    def __eq__(s, o): return True\ndef grow(x): return A(9)", CASE),
        ("def close(a, b): return True\ndef grow(x): return 0", SUPPLIED),
        (
            "def grow(x): return []",
            "def test_all():\n    for a, b in zip(grow(2), [3]):\n        assert a == b",
        ),
    ],
)
def test_no_program_passes_by_the_way_they_are_written(sandbox, program, tests):
    result = sandbox.run(program, tests, entry_points=["grow"])
    assert result.verdict not in {"passed", "infra_error"}


@pytest.mark.parametrize("tests", LOOPS.values(), ids=LOOPS)
def test_a_program_that_gives_nothing_to_look_at_passes_nothing(sandbox, tests):
    assert sandbox.run("def grow(x): return []", tests).verdict == "failed"
    assert sandbox.run("def grow(x): return [1]", tests).verdict == "passed"


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("def test_it(capsys):\n    assert grow(1) == 2", "test_it: fixtures"),
        ("def check():\n    assert grow(1) == 2", "every program would pass"),
        ("import unittest\nunittest.main()", "call no test of a `TestCase`"),
        (PATCHED, "replace what the program calls"),
        ("class TestA:\n    def test_a(self, tmp_path): assert grow(1) == 2", "TestA.test_a: fix"),
        ("def setup_module(): pass\ndef test_a(): assert grow(1) == 2", "setup_module: fixtures"),
        ("async def test_a(): assert await grow(1) == 2", "test_a: fixtures, asynchronous"),
    ],
)
def test_what_cannot_be_run_so_judges_no_program(sandbox, tests, told):
    result = sandbox.run(RIGHT, tests)
    assert result.verdict == "infra_error"
    assert told in result.detail
