"""What a program may supply to its tests, and what it may not replace under them."""

import pytest

from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.sandbox import Job, Sandbox
from whetstone.rewards.sandbox.helpers import with_helpers

PROMPT = '''import math

SCALE = 2

def power(x, n):
    return math.pow(x, n) * SCALE

def poly(xs, x):
    """Evaluate a polynomial."""
    return sum(c * power(x, i) for i, c in enumerate(xs))


def find_zero(xs):
    """Find a zero of poly."""
'''
TESTS = "def check(f):\n    assert abs(poly([1, 2], f([1, 2]))) < 1e-4\ncheck(find_zero)"
RIGHT = "    return -xs[0] / xs[1]\n"
NAMES = [["find_zero"], ["find_zero", "poly"]]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1) as one:
        yield one


@pytest.mark.parametrize("names", NAMES)
def test_a_helper_of_the_prompt_is_not_the_programs_to_replace(names):
    reward = ExecutionReward(workers=1)
    replacements = [
        "    return 0.0\n\ndef poly(xs, x):\n    return 0\n",
        "    return 0.0\n\ndef power(x, n):\n    return 0\n",
        "    return 0.0\n\npoly = lambda xs, x: 0\n",
        "    globals()['poly'] = lambda xs, x: 0\n    return 0.0\n",
        "    return 0.0\n\nSCALE = 0\n",
    ]
    programs = [RIGHT, *replacements]
    count = len(programs)
    scores = reward(
        ["p"] * count,
        programs,
        tests=[TESTS] * count,
        prefix=[PROMPT] * count,
        entry_points=[names] * count,
    )
    reward.close()
    assert scores[0] == 1.0
    assert set(scores[1:]) == {0.0}


def test_helpers_that_need_a_class_of_the_prompt_stay_with_the_program():
    prefix = "class Node: pass\ndef build(): return Node()\ndef f(n):\n    'Say.'\n"
    tests = "assert f(build()) == 1"
    assert with_helpers(prefix, tests) == tests


@pytest.mark.parametrize("prefix", ["", "def f(x):\n    y = 1\n", "def f(:", "import math\n"])
def test_a_prefix_without_helpers_changes_nothing(prefix):
    assert with_helpers(prefix, "assert f(1)") == "assert f(1)"


@pytest.mark.parametrize(
    "program",
    [
        PROMPT + "    return 0.0\n\ndef poly(xs, x):\n    return 0\n",
        PROMPT + "    return 0.0\n\nif True:\n    poly = lambda xs, x: 0\n",
        PROMPT + "    global poly\n    poly = lambda xs, x: 0\n    return 0.0\n",
    ],
)
def test_a_second_definition_of_a_helper_is_a_violation(sandbox, program):
    result = sandbox.run(program, TESTS, entry_points=["find_zero"])
    assert result.verdict == "violation"
    assert "poly" in result.detail


def test_with_one_definition_it_is_the_programs(sandbox):
    assert sandbox.run(PROMPT + RIGHT, TESTS, entry_points=["find_zero"]).verdict == "passed"


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def sqrt(x): return 0", "assert abs(f(2) - sqrt(2)) < 1e-6"),
        ("pi = 0", "assert abs(f(1) - pi) < 1e-6"),
        ("pi = 0", "from math import *\nassert abs(f(1) - pi) < 1e-6"),
        (
            "expected = 0",
            "def setup():\n    global expected\n    expected = 5\nsetup()\nassert f(1) == expected",
        ),
    ],
)
def test_what_the_tests_compare_with_is_theirs(sandbox, program, tests):
    wrong = f"{program}\ndef f(x): return 0"
    assert sandbox.run(wrong, tests, entry_points=["f"]).verdict == "failed"


def test_data_that_the_program_changes_is_seen(sandbox):
    program = "count = 0\ndef f():\n    global count\n    count += 1"
    tests = "assert count == 0\nf()\nassert count == 1\nf()\nassert count == 2"
    assert sandbox.run(program, tests, entry_points=["f", "count"]).verdict == "passed"


@pytest.mark.parametrize(
    "tests",
    [
        "METADATA = {'author': 'x'}\ndef check(candidate):\n    assert candidate(1) == 2",
        "def right(): assert f(1) == 2",
        "import unittest\nclass T(unittest.TestCase):\n    def right(self): assert f(1) == 2",
        "import unittest\nif __name__ == '__main__':\n    unittest.main()",
    ],
)
def test_tests_that_test_nothing_pay_nobody(sandbox, tests):
    result = sandbox.run("def f(x): return 2", tests)
    assert result.verdict == "infra_error"
    assert result.detail.startswith("the tests test nothing: ")


@pytest.mark.parametrize("tests", ["", "# TODO"])
def test_without_tests_a_program_runs_and_earns_nothing(sandbox, tests):
    assert sandbox.run("x = 1", tests).verdict == "passed"
    assert sandbox.run("while True: pass", tests, timeout_s=0.2).verdict == "timeout"


def test_a_reward_for_no_tests_is_none():
    reward = ExecutionReward(workers=1)
    assert reward(["p"], ["x = 1"], tests=["# TODO"]) == [None]
    reward.close()


def test_tests_under_a_main_guard_run(sandbox):
    tests = "def test_f(): assert f(1) == 2\nif __name__ == '__main__':\n    test_f()"
    assert sandbox.run("def f(x): return 2", tests).verdict == "passed"
    assert sandbox.run("def f(x): return 3", tests).verdict == "failed"


def test_tests_that_only_call_are_passed_when_nothing_raises(sandbox):
    assert sandbox.run("def f(x): return x", "f(1)").verdict == "passed"
    assert sandbox.run("def f(x): raise ValueError", "f(1)").verdict == "error"


@pytest.mark.parametrize(
    ("stain", "program", "tests", "verdict"),
    [
        (
            "import math\nmath.isclose = lambda *a, **k: True\nassert f(1) == 1",
            "def f(x): return 0",
            "import math\nassert math.isclose(f(1), 5)",
            "failed",
        ),
        (
            "import decimal\ndecimal.getcontext().prec = 3\nassert f(1) == 1",
            "from decimal import Decimal\ndef f(x): return Decimal(1) / Decimal(3)",
            "from decimal import Decimal\nassert f(1) == Decimal(1) / Decimal(3)",
            "passed",
        ),
    ],
)
def test_what_tests_change_ends_with_them(stain, program, tests, verdict):
    with Sandbox(workers=1) as sandbox:
        for _ in range(5):  # more than a host has testers in use
            first, second = sandbox.run_many(
                [Job("def f(x): return x", stain), Job(program, tests, entry_points=["f"])]
            )
            assert first.verdict == "passed"
            assert second.verdict == verdict


def test_thousands_of_asserts_are_split_in_time(sandbox):
    tests = "\n".join(f"assert f({number}) == {number}" for number in range(5000))
    result = sandbox.run("def f(x): return x", tests, timeout_s=5.0)
    assert (result.verdict, result.passed_tests) == ("passed", 5000)


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout_s": float("inf")},
        {"timeout_s": 1e9},
        {"timeout_s": float("nan")},
        {"memory_mb": 8},
        {"workers": 0},
    ],
)
def test_settings_out_of_range_are_named(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=name):
        Sandbox(**settings)


def test_a_job_can_run_again_whatever_its_names_came_from(sandbox):
    job = Job("def f(): return 1", "assert f() == 1", entry_points=iter(["f"]))
    assert job.entry_points == ("f",)
    assert sandbox.run_many([job])[0].verdict == "passed"


def test_a_name_in_place_of_a_list_is_refused(sandbox):
    with pytest.raises(TypeError, match="entry_points"):
        sandbox.run("def foo(): return 1", "assert foo() == 1", entry_points="foo")
