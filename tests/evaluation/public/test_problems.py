"""Official rows become problems: right programs pass, wrong ones fail, traps have a name."""

import base64
import json
import pickle
import sys
import zlib
from pathlib import Path

import pytest

from whetstone.evaluation.public.problem import UnjudgeableError, require_judgeable
from whetstone.evaluation.public.prompt import fenced, question_prompt
from whetstone.evaluation.public.table import PUBLIC_SETS
from whetstone.rewards.execution import ExecutionReward

sys.path.insert(0, str(Path(__file__).parent))
import public_layouts as layouts

COLUMNS = ("tests", "entry_points", "checker", "tolerance", "timeout_s", "memory_mb", "prefix")


@pytest.fixture(scope="module")
def reward():
    reward = ExecutionReward(workers=1)
    yield reward
    reward.close()


def problem_of(name, **changes):
    problem = PUBLIC_SETS[name].problem(layouts.ROWS[name](**changes))
    require_judgeable(problem)
    return problem


def rewards(reward, problem, *answers):
    columns = {name: [getattr(problem, name)] * len(answers) for name in COLUMNS}
    return reward([problem.question] * len(answers), [*answers], **columns)


def test_every_data_set_has_rows_here():
    assert layouts.ROWS.keys() == PUBLIC_SETS.keys()
    for name, row in layouts.ROWS.items():
        assert PUBLIC_SETS[name].columns <= row().keys()


@pytest.mark.parametrize("name", PUBLIC_SETS)
def test_right_programs_pass_and_wrong_ones_fail(name, reward):
    problem = problem_of(name)
    assert (problem.reference is not None) == PUBLIC_SETS[name].references
    right = problem.reference or layouts.SOLVED[name]
    scores = rewards(reward, problem, fenced(right), fenced(layouts.WRONG[name]), "I cannot.")
    assert scores[:2] == [1.0, 0.0]
    assert scores[2] <= 0
    assert all(rewards(reward, problem, wrong) == [0.0] for wrong in problem.wrong)


def test_the_same_problems_in_three_layouts_are_paid_alike(reward):
    """Programs that read their input, functions and methods, through APPS, TACO and DeepCoder."""
    calls = layouts.input_output([(args, [result]) for args, result in layouts.CALLS], "join")
    kinds = [
        (layouts.input_output(layouts.PAIRS), "", (layouts.ADD, layouts.SUBTRACT, "print(3)")),
        (calls, "", (layouts.JOIN, "def join(words, times):\n    return words\n")),
        (calls, layouts.STARTER, (layouts.METHOD, "class Solution:\n    join = 1\n", layouts.JOIN)),
    ]
    for given, starter, answers in kinds:
        row = {"starter_code": starter, "solutions": ""}
        found = {"input_output": json.dumps(given), **row}
        problems = [
            problem_of("apps", **found),
            problem_of("taco", **found),
            problem_of("deepcoder", tests=json.dumps(given), **row),
        ]
        paid = [rewards(reward, problem, *answers) for problem in problems]
        assert paid[0] == paid[1] == paid[2] == [1.0] + [0.0] * (len(answers) - 1)
    listed = problem_of("deepcoder", tests=json.dumps(layouts.listed(layouts.PAIRS)))
    assert json.loads(listed.tests) == json.loads(problem_of("apps").tests)


def test_a_list_of_one_stands_for_itself_and_for_what_is_in_it(reward):
    given = layouts.input_output([([2], [4]), ([3], [[6]])], "f")
    problem = problem_of("apps", input_output=json.dumps(given), solutions="")
    either = ["def f(x):\n    return [4] if x == 2 else [6]\n", "def f(x):\n    return 2 * x\n"]
    assert rewards(reward, problem, *either) == [1.0, 0.0]
    given = layouts.input_output([([{"1": 2}], [3])], "f")
    problem = problem_of("apps", input_output=json.dumps(given), solutions="")
    assert rewards(reward, problem, "def f(x):\n    return x[1] + 1\n") == [1.0]


def test_lines_in_a_list_are_joined():
    given = layouts.input_output([(["1", "2"], ["3", "4"])])
    problem = problem_of("apps", input_output=json.dumps(given))
    assert json.loads(problem.tests) == [{"input": "1\n2", "output": "3\n4"}]


def test_the_reference_is_the_first_solution_in_python_3():
    assert problem_of("apps").reference == problem_of("code_contests").reference == layouts.ADD
    assert problem_of("code_contests").wrong == (layouts.SUBTRACT,)
    assert problem_of("taco", solutions=json.dumps(["print 1"])).reference is None


def test_limits_are_seconds_and_megabytes():
    limits = {name: problem_of(name) for name in ("taco", "code_contests", "codeforces")}
    assert [(p.timeout_s, p.memory_mb) for p in limits.values()] == [
        (2.0, 256),
        (1.5, 244),
        (2.0, 256),
    ]
    assert problem_of("taco", time_limit="500 milliseconds", memory_limit=None).timeout_s == 0.5
    assert problem_of("taco", time_limit="None").timeout_s is None
    assert problem_of("code_contests", time_limit=None, memory_limit_bytes=0).timeout_s is None


def test_calls_of_livecodebench_are_lines_of_json(reward):
    problem = problem_of(
        "livecodebench",
        starter_code=layouts.STARTER,
        metadata=json.dumps({"func_name": "join"}),
        public_test_cases=json.dumps(layouts.functional(layouts.CALLS[:1])),
        private_test_cases=json.dumps(layouts.functional(layouts.CALLS[1:])),
    )
    assert problem.entry_points == ("Solution().join",)
    as_tuple = layouts.METHOD.replace("words * times", "tuple(words * times)")
    assert rewards(reward, problem, layouts.METHOD, as_tuple, layouts.JOIN) == [1.0, 1.0, 0.0]
    assert "Begin with this code" in question_prompt(problem)


class _Harmful:
    def __reduce__(self):
        return print, ("run",)


def test_a_pickle_that_runs_something_is_refused(capsys):
    packed = base64.b64encode(zlib.compress(pickle.dumps(_Harmful()))).decode()
    with pytest.raises(UnjudgeableError, match="cannot be decoded"):
        problem_of("livecodebench", private_test_cases=packed)
    assert capsys.readouterr().out == ""


def test_a_published_checker_accepts_another_order(reward):
    two = [{"input": "3", "output": "1 2 3"}]
    problem = problem_of("codeforces", official_tests=two, generated_checker=layouts.CHECKER)
    answers = ["print(3, 2, 1)", "print(1, 2)", "print('one')", "print(1, 2, 3)"]
    assert rewards(reward, problem, *answers) == [1.0, 0.0, 0.0, 1.0]
    strict = problem_of("codeforces", official_tests=two)
    assert rewards(reward, strict, *answers) == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("apps", {"input_output": ""}, "no tests"),
        ("apps", {"input_output": "{}"}, "no tests"),
        ("apps", {"input_output": '{"inputs": ["1"], "outputs": []}'}, "inputs without outputs"),
        ("taco", {"input_output": "{'inputs': []}"}, "tests that are no JSON"),
        ("taco", {"input_output": json.dumps({"inputs": [f"{'1' * 9}"], "outputs": [""]})},
         "cannot judge"),
        ("apps", {"input_output": '{"inputs": [[1]], "outputs": [NaN], "fn_name": "f"}'},
         "infinite"),
        ("apps", {"question": "This is an interactive problem. Ask."}, "interactive"),
        ("apps", {"question": " "}, "no question"),
        ("deepcoder", {"tests": "[]"}, "no tests"),
        ("deepcoder", {"tests": json.dumps(layouts.functional(layouts.CALLS))}, "without a name"),
        ("livecodebench", {"private_test_cases": "no base64"}, "cannot be decoded"),
        ("livecodebench", {"private_test_cases": layouts.packed(layouts.functional(layouts.CALLS))},
         "calls among"),
        ("code_contests", {"input_file": "sum.in"}, "reads or writes files"),
        ("code_contests", {f"{kind}_tests": None for kind in ("public", "generated")}, "no tests"),
        ("codeforces", {"interaction_format": "Ask."}, "interactive"),
        ("codeforces", {"input_mode": "file"}, "reads or writes files"),
        ("codeforces", {"official_tests": [{"input": "1...", "output": "1"}]}, "cut short"),
        ("codeforces", {"official_tests": None}, "no tests"),
        ("kodcode", {"test": "import pytest\nfrom solution import double\n"}, "cannot judge"),
        ("acecode", {"test_cases": []}, "no tests"),
        ("acecode", {"test_cases": ["assert ("]}, "no Python"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused_by_name(name, changes, reason):
    with pytest.raises(UnjudgeableError, match=reason):
        problem_of(name, **changes)


TREES = """\
class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val, self.left, self.right = val, left, right

def tree_node(values):
    nodes = [None if value is None else TreeNode(value) for value in values]
    children = iter(nodes[1:])
    for node in nodes:
        if node is not None:
            node.left, node.right = next(children, None), next(children, None)
    return nodes[0] if nodes else None

def is_same_tree(one, other):
    if one is None or other is None:
        return one is other
    sides = is_same_tree(one.left, other.left) and is_same_tree(one.right, other.right)
    return one.val == other.val and sides
"""
MIRRORED = """\
class Solution:
    def turn(self, root):
        if root is not None:
            root.left, root.right = self.turn(root.right), self.turn(root.left)
        return root
"""
OF_TREES = {
    "prompt": TREES,
    "completion": MIRRORED,
    "test": "def check(candidate):\n    assert is_same_tree(candidate(root = "
    "tree_node([1, 2, 3, None, 4])), tree_node([1, 3, 2, None, None, 4]))\n",
}


@pytest.mark.parametrize("changes", [{}, OF_TREES], ids=["lists", "trees"])
def test_lists_and_trees_are_read_back(reward, changes):
    """Else a program could replace what builds them, and make any two results equal."""
    problem = problem_of("leetcode", **changes)
    nothing = "class Solution:\n    def turn(self, head=None, root=None):\n        return None\n"
    builders = [f"def {name}(values): return None\n" for name in ("list_node", "tree_node")]
    equal = [f"def is_same_{kind}(one, other): return True\n" for kind in ("list", "tree")]
    answers = [problem.reference, nothing, *(nothing + cheat for cheat in (*builders, *equal))]
    assert [score > 0 for score in rewards(reward, problem, *answers)] == [True] + [False] * 5


def test_a_problem_has_its_own_limit_of_time(reward):
    problem = problem_of("taco", time_limit="0.2 seconds")
    slow = "import time\ntime.sleep(0.6)\n" + layouts.ADD
    assert rewards(reward, problem, slow) == [0.0]
    assert rewards(reward, problem_of("taco"), slow) == [1.0]
