"""Installed packages in the sandbox: for programs and their tests, and for nothing beside."""

import ast

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.sandbox import MissingPackageError, PackagesUnavailableError, Sandbox
from whetstone.rewards.sandbox.packages import find_packages, usable_modules
from whetstone.rewards.sandbox.statements import UnrunnableTestsError, require_tests_that_can_fail

NUMPY = "import numpy as np\n"
TABLE = "import pandas as pd\ntable = pd.DataFrame({'a': [1, 2, 3]})\n"
EQUALS_ALL = "    def __eq__(self, other): return np.True_\n"
CONVERTS = (
    "class Any:\n    def __array__(self, *_, **__): return np.array(5)\n"
    "    def __array_ufunc__(self, *_, **__): return np.True_\ndef f(): return Any()"
)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1, packages=["numpy", "pandas"]) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def f(x): return np.array(x).sum()", "assert f([1, 2]) == 3"),
        ("def f(x): return np.float64(x) / 2", "assert f(3) == 1.5"),
        ("def f(x): return x", "a = np.eye(2)\nassert f(a) is a and f(a + 1).sum() == 6"),
        ("def f(x): x[:] = 0", "a = np.ones((2, 3))\nf(a)\nassert not a.any()"),
        ("def f(n): return np.arange(n * n).reshape(n, n)", "assert f(3).shape == (3, 3)"),
        ("def f(x, y): return x @ y", "np.testing.assert_allclose(f(np.eye(1), [2.0]), [2])"),
        ("def f(): return np.array(7)", "assert f() == 7 and f().ndim == 0"),
        ("def f(): return np.datetime64('2024-02-29')", "assert str(f()) == '2024-02-29'"),
        ("def f(): return np.array(['a', None], object)", "assert f().tolist() == ['a', None]"),
        ("def f(): return np.float32(0.1)", "assert f().dtype == np.float32"),
        ("import pandas\ndef f(): return pandas.Series([1, 2])", "assert f().sum() == 3"),
    ],
)
def test_a_right_program_passes(sandbox, program, tests):
    result = sandbox.run(NUMPY + program, NUMPY + tests)
    assert result.verdict == "passed", result.detail


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("np.allclose = lambda *_: True\ndef f(): return 1.0", "assert np.allclose(f(), 2.0)"),
        (f"class A(np.float64):\n{EQUALS_ALL}def f(): return A(2)", "assert f() == 5"),
        (
            f"class A(np.ndarray):\n{EQUALS_ALL}def f(): return np.ones(1).view(A)",
            "assert f() == 5",
        ),
        (CONVERTS, "assert np.equal(f(), 5)"),
        ("def f(): return np.float64('nan')", "assert not abs(f() - 5) > 1e-6"),
        ("def f(): return np.float32('nan')", "if abs(f() - 5) > 1e-6: raise ValueError"),
        (
            "a = np.arange(999.0)\ndef f(): return a\ndef g(): a.resize(1, refcheck=False)",
            "view = f()[500:]\ng()\nassert f is None or view[0] == 0",
        ),
        ("def f(): return np.array([5, 6])", "assert np.array_equal(f(), [5, 7])"),
    ],
)
def test_a_wrong_program_is_not_paid(sandbox, program, tests):
    result = sandbox.run(NUMPY + program, NUMPY + tests)
    assert result.verdict not in {"passed", "infra_error"}


@pytest.mark.parametrize(
    "tests",
    [
        "def check(given, wanted):\n    assert f(given) == wanted\ncheck(table, 6)",
        "for given in [table]:\n    assert f(given) == 6",
        "class Test:\n    t = table\n    def test_it(self): assert f(self.t) == 6",
    ],
)
def test_a_table_of_the_tests_that_cannot_be_passed_is_their_fault(sandbox, tests):
    result = sandbox.run("def f(t): return int(t.a.sum())", TABLE + tests)
    assert result.verdict == "infra_error"
    assert "the tests cannot pass a DataFrame to the program" in result.detail


def test_once_a_program_has_answered_what_is_passed_may_be_its_doing(sandbox):
    tests = "x = f(None)\nassert f(table if x else 1) == 1"
    result = sandbox.run("def f(t): return True", TABLE + tests)
    assert result.verdict == "error"


def test_names_that_are_no_packages_are_told():
    absent = ["__main__", "", "os.path", "no_such_module"]
    assert find_packages(["os", "math"]).modules == ()
    with pytest.raises(MissingPackageError, match="no module of this name"):
        find_packages(absent)
    given = "reward.execution.packages=[__main__,os.path]"
    with pytest.raises(ConfigError, match=r"'__main__', 'os\.path'; install what has it"):
        load(["debug=true", given])


@pytest.mark.parametrize(
    "text", ["@pd.io", "a.max()", "@table.a", "(lambda: 1)()", "[a for a in a]"]
)
@pytest.mark.parametrize("way", ["query", "eval"])
def test_a_program_s_text_is_no_code_of_a_package(sandbox, text, way):
    tests = f"{TABLE}try:\n    table.{way}(f())\nexcept Exception:\n    pass\nassert f()"
    result = sandbox.run(f"def f(): return {text!r}", tests)
    assert result.verdict == "error"
    assert "a text that is more than a sum" in result.detail


def test_texts_of_the_tests_and_reckoning_are_evaluated(sandbox):
    own = "least = 1\nassert len(table.query('a > @least & a.abs() == 2')) == 1\n"
    tests = f"{TABLE}{own}assert len(table.query(f())) == 2"
    result = sandbox.run("def f(): return 'a > 1'", tests)
    assert result.verdict == "passed", result.detail


@pytest.mark.parametrize(
    "program",
    [
        "open(np.__file__, 'a')",
        "import os; os.listdir(os.path.dirname(os.path.dirname(np.__file__)))",
        "import pydantic",
    ],
)
def test_nothing_else_is_there(sandbox, program):
    result = sandbox.run(f"{NUMPY}{program}\ndef f(): return 1", "assert f() == 1")
    assert result.verdict == "error"


@pytest.mark.parametrize(
    "tests",
    [
        "assert f(table) == 6",
        "assert f(frame=pd.Series([1])) == 1",
        "assert f().equals(table)",
        "pd.testing.assert_frame_equal(f(), table)",
    ],
)
def test_tests_that_exchange_tables_judge_no_program(sandbox, tests):
    packages = usable_modules(("pandas",))
    with pytest.raises(UnrunnableTestsError):
        require_tests_that_can_fail(ast.parse(TABLE + tests), packages)
    assert sandbox.run("def f(frame): return 6", TABLE + tests).verdict == "infra_error"


def test_numbers_are_drawn_alike_in_every_run(sandbox):
    program = f"{NUMPY}def f(): return np.random.rand()"
    tests = f"{NUMPY}assert f() == np.random.RandomState(0).rand()"
    assert [sandbox.run(program, tests + end).verdict for end in ("", "\n")] == ["passed"] * 2


def test_what_is_not_installed_is_told_before_anything_runs():
    with pytest.raises(MissingPackageError, match="'no_such_package'; install what has it"):
        Sandbox(packages=["no_such_package"])
    with pytest.raises(ConfigError, match=r"reward.execution.packages=\[no_such_package\]"):
        load(["model=nano", "reward=execution", "reward.execution.packages=[no_such_package]"])


def test_what_a_package_needs_comes_with_it():
    assert {"numpy", "pandas", "dateutil"} <= usable_modules(("pandas",))
    assert not usable_modules(("no_such_package",))
    assert find_packages([]).as_text() == ""


def test_a_package_that_starts_threads_ends_it(tmp_path, monkeypatch):
    (tmp_path / "threading_package.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with (
        Sandbox(workers=1, packages=["threading_package"]) as sandbox,
        pytest.raises(PackagesUnavailableError, match="start 1 threads"),
    ):
        sandbox.run("", "assert True")


def test_the_reward_runs_them():
    reward = ExecutionReward(workers=1, packages=["numpy"])
    completion = "import numpy as np\ndef f(x):\n    return np.sum(x)"
    try:
        assert reward(["p"], [completion], tests=["assert f([1, 2]) == 3"]) == [1.0]
    finally:
        reward.close()
