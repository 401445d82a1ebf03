"""Where tests run is decided by a problem's tests and its reference, and told."""

import pytest

from whetstone.finetuning.config import load
from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.sandbox import Tier
from whetstone.rewards.tests_source import why_uncarried
from whetstone.rewards.tiers import Tiers, describe_tiers, problems_of

PLAIN = "assert area(2, 3) == 6"
RIGHT = "def area(a, b=None): return a.w * a.h if b is None else a * b"
OWN_CLASS = "class Box:\n    w, h = 2, 3\nassert area(Box()) == 6"
COUNTED = "calls = []\nclass Box:\n    w, h = 2, 3\nassert list(map(area, [Box()])) == [6]"
"""Its source does not tell that an object of its own class reaches the program."""


@pytest.fixture
def reward():
    made = []

    def build(tier="auto", **settings):
        made.append(ExecutionReward(workers=1, tier=tier, **{"timeout_s": 2.0, **settings}))
        return made[-1]

    yield build
    for one in made:
        one.close()


def graded(reward, program, tests, **columns):
    logged = {}
    columns = {name: [value] for name, value in columns.items()}
    [paid] = reward(
        prompts=["?"],
        completions=[program],
        tests=[tests],
        log_metric=logged.__setitem__,
        **columns,
    )
    return paid, logged["execution/together"]


def test_apart_is_the_rule_and_what_cannot_be_carried_runs_together(reward):
    auto = reward()
    assert graded(auto, RIGHT, PLAIN) == (1.0, 0.0)
    assert graded(auto, RIGHT, OWN_CLASS) == (1.0, 1.0)
    assert graded(auto, "def area(a): return 5", OWN_CLASS) == (0.0, 1.0)


def test_programs_that_read_lines_run_beside_tests_that_write_them(reward):
    tests = "import io, sys\nsys.stdin = io.StringIO('2 3\\n')\nassert area() == 6"
    program = "def area():\n    a, b = map(int, input().split())\n    return a * b"
    assert graded(reward(), program, tests) == (1.0, 1.0)
    assert graded(reward(), program.replace("*", "+"), tests) == (0.0, 1.0)


@pytest.mark.parametrize("tier", ["apart", "together"])
def test_coroutines_of_a_program_need_no_socket(reward, tier):
    program = "import asyncio\nasync def g(): return 6\ndef area(*_): return asyncio.run(g())"
    assert graded(reward(tier=tier), program, PLAIN)[0] == 1.0


def test_a_reference_tells_what_the_source_does_not(reward):
    auto = reward()
    assert why_uncarried(COUNTED, ()) is None
    assert graded(auto, RIGHT, COUNTED, reference=RIGHT) == (1.0, 1.0)
    assert graded(auto, "def area(a): return 5", COUNTED, reference=RIGHT) == (0.0, 1.0)


def test_a_problem_that_its_reference_fails_is_masked(reward, caplog):
    assert graded(reward(), RIGHT, PLAIN, canonical_solution="def area(a, b): return 5") == (
        None,
        0.0,
    )
    assert "its reference fails: failed" in caplog.text


@pytest.mark.parametrize("tier", ["auto", "apart", "refuse"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("output == expected", "AssertionError"),
        ("return output != expected", "AssertionError"),
        ("raise OSError('no file')", "OSError: no file"),
    ],
)
def test_a_checker_that_accepts_nothing_judges_nobody(reward, caplog, tier, body, said):
    checker = f"def check(input, output, expected):\n    {body}"
    tests = [{"input": "1\n", "output": "1\n"}]
    assert graded(reward(tier=tier), "print(input())", tests, checker=checker)[0] is None
    assert f"its checker does not accept the expected output: failed: {said}" in caplog.text or (
        f"its checker does not accept the expected output: error: {said}" in caplog.text
    )
    sound = "def check(input, output, expected):\n    return output == expected"
    assert graded(reward(tier=tier), "print(input())", tests, checker=sound)[0] == 1.0


def test_a_slow_reference_is_no_reason_to_refuse_a_problem(reward):
    slow = "import time\ndef area(a, b):\n    time.sleep(9)"
    assert graded(reward(timeout_s=0.5), RIGHT, PLAIN, reference=slow) == (1.0, 0.0)


def test_the_tier_does_not_depend_on_the_program(reward):
    """Not even one that nobody can judge apart is judged together for it."""
    auto = reward()
    odd = "class Odd:\n    def __eq__(s, o): return True\ndef area(a, b): return Odd()"
    assert graded(auto, odd, PLAIN, reference=RIGHT) == (0.0, 0.0)
    assert graded(auto, odd, OWN_CLASS) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("tier", "paid"),
    [("apart", (None, 0.0)), ("together", (1.0, 1.0)), ("refuse", (None, 0.0))],
)
def test_where_tests_run_can_be_said(reward, tier, paid):
    assert graded(reward(tier=tier), RIGHT, OWN_CLASS) == paid


def test_no_problem_is_judged_beside_its_program_unless_that_is_asked_for(caplog):
    """Cheats are known that one process pays."""
    assert load(["reward=execution"]).main.reward["execution"].tier == "refuse"
    default = ExecutionReward(timeout_s=2.0, workers=1)
    assert graded(default, RIGHT, OWN_CLASS, reference=RIGHT) == (None, 0.0)
    assert graded(default, RIGHT, PLAIN, reference=RIGHT) == (1.0, 0.0)
    default.close()
    assert "reward.execution.tier=auto" in caplog.text


def test_the_start_says_how_many_run_where(reward):
    columns = {
        "prompt": ["?"] * 4,
        "tests": [PLAIN, "assert area(3, 3) == 9", OWN_CLASS, "assert area(1, 1) == 2"],
        "reference": [RIGHT] * 4,
    }
    told = reward().prepare(columns)
    assert told == (
        "2 problems apart, 1 together (they pass an object of a class of their own to area), "
        "1 refused: its reference fails: failed: AssertionError in: assert area(1, 1) == 2"
    )
    with pytest.raises(ValueError, match=r"no problem can be judged.*tier=apart"):
        reward().prepare({"tests": [PLAIN], "reference": ["def area(a, b): return 0"]})


@pytest.mark.parametrize(
    ("prompt", "more", "told"),
    [
        ("Write area(a, b).", {}, ""),
        ([{"role": "user", "content": "Write area(a, b)."}], {}, ""),
        ("Write it.", {"prefix": ["def area(a, b):\n"]}, ""),
        ("Write it.", {"entry_points": [["area"]]}, "area in row 1"),
        ([{"role": "user", "content": None}], {}, "area in row 1"),
        ("Write it.", {"reference": [RIGHT]}, ""),
        ("Write areas.", {}, "no program is likely to pass: area in row 1"),
    ],
)
def test_the_start_says_whose_prompt_does_not_name_what_is_called(reward, prompt, more, told):
    said = reward().prepare({"prompt": [prompt], "tests": [PLAIN], **more})
    assert said.startswith("1 problem apart")
    assert told in said
    assert ("likely" in said) == bool(told)


def test_a_helper_that_nobody_defines_is_told(reward):
    tests = ["assert is_close(area(2, 3), 6)"]
    said = reward().prepare({"prompt": ["Write area(a, b)."], "tests": tests})
    assert said.endswith("is_close in row 1")


def test_one_that_cannot_be_guarded_is_refused_together(reward):
    text = "assert eval('area(2, 3)') == 6"
    assert graded(reward(), RIGHT, text) == (1.0, 0.0)
    assert graded(reward(tier="together"), RIGHT, text) == (None, 1.0)


def test_packages_that_reach_all_memory_keep_tests_apart(reward):
    numpy = pytest.importorskip("numpy")
    auto = reward(packages=[numpy.__name__])
    assert graded(auto, RIGHT, PLAIN) == (1.0, 0.0)
    assert graded(auto, RIGHT, OWN_CLASS) == (None, 1.0)


def test_a_problem_is_decided_once():
    class Never:
        def run_many(self, jobs):
            assert not list(jobs)
            return []

    tiers = Tiers("auto", frozenset())
    problems = problems_of([PLAIN, OWN_CLASS, PLAIN])
    decisions = tiers.decide(problems, Never())
    assert [decision.tier for decision in decisions] == [Tier.APART, Tier.TOGETHER, Tier.APART]
    assert describe_tiers(problems, decisions) == (
        "1 problem apart, 1 together (they pass an object of a class of their own to area)"
    )
