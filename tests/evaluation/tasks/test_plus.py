import gzip
import json
import math

import numpy as np
import pytest

from whetstone.evaluation.tasks import build_program, load_task
from whetstone.evaluation.without_numpy import _COMPARISONS
from whetstone.rewards.sandbox import Sandbox

ASSERTION = """
import numpy as np

def is_floats(x) -> bool:
    if isinstance(x, float):
        return True
    if isinstance(x, (list, tuple)):
        return all(isinstance(i, float) for i in x)
    if isinstance(x, np.ndarray):
        return x.dtype == np.float64 or x.dtype == np.float32
    return False

def assertion(out, exp, atol):
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if out != exp and atol != 0:
        COMPARE(out, exp, rtol=1e-07, atol=atol)
    else:
        assert out == exp
"""
HUMANEVAL_TEST = (
    ASSERTION.replace("COMPARE", "np.testing.assert_allclose")
    + """
def check(candidate):
    inputs = [[[1.0, 2.0]], [[0.1, 0.2]]]
    results = [1.5, 0.15]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 0)
"""
)
MBPP_TEST = (
    ASSERTION.replace("COMPARE", "assert np.allclose")
    + """
inputs = [[2], [0.1]]
results = [4, 0.2]
for i, (inp, exp) in enumerate(zip(inputs, results)):
    assertion(double(*inp), exp, 0)
"""
)
HUMANEVAL_ROW = {
    "task_id": "HumanEval/0",
    "prompt": 'def mean(xs):\n    """ Mean. """\n',
    "canonical_solution": "    return sum(xs) / len(xs)\n",
    "entry_point": "mean",
    "test": HUMANEVAL_TEST,
}
MBPP_ROW = {
    "task_id": 2,
    "prompt": "Write a function to double a number.",
    "code": "def double(x):\n    return 2 * x",
    "test_list": ["assert double(2) == 4"],
    "test": MBPP_TEST,
}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    for name, row in (("humanevalplus", HUMANEVAL_ROW), ("mbppplus", MBPP_ROW)):
        content = gzip.compress(json.dumps(row).encode())
        (tmp_path / f"{name}.jsonl.gz").write_bytes(content)
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))


def test_prompts_and_time_limits_are_those_of_the_harness():
    humaneval, mbpp = load_task("humanevalplus"), load_task("mbppplus")
    assert humaneval.problems[0].prompt == 'def mean(xs):\n    """ Mean. """'
    assert (humaneval.timeout_s, mbpp.timeout_s) == (20.0, 10.0)
    assert mbpp.problems[0].prompt == (
        '"""\nWrite a function to double a number.\nassert double(2) == 4\n"""\n'
    )
    assert "\nclass" in humaneval.stop
    assert "\nassert" in mbpp.stop


@pytest.mark.parametrize(
    ("name", "wrong", "near"),
    [
        ("humanevalplus", "\n    return xs[0]", "\n    return sum(xs) / len(xs) + 1e-9"),
        (
            "mbppplus",
            "def double(x):\n    return x",
            "double = lambda x: x * 2 + (x < 1) / 1e9",
        ),
    ],
)
def test_the_tests_run_without_numpy_and_compare_floats_as_it_does(name, wrong, near):
    task = load_task(name)
    problem = task.problems[0]
    with Sandbox(workers=1) as sandbox:
        verdicts = [
            sandbox.run(
                build_program(task, problem, text), problem.tests, entry_points=problem.entry_points
            ).verdict
            for text in (problem.reference, near, wrong)
        ]
    assert verdicts == ["passed", "passed", "failed"]


VALUES = [0.0, 1.0, 1.0 + 1e-8, 1.1, -3, math.inf, -math.inf, math.nan, 1e308]


@pytest.mark.parametrize("equal_nan", [True, False])
def test_the_comparison_is_numpys(equal_nan):
    space = {}
    exec(_COMPARISONS, space)  # noqa: S102
    pairs = [(a, b) for a in VALUES for b in VALUES]
    pairs += [([a, 2], [b, 2]) for a, b in pairs] + [([a, a], b) for a, b in pairs]
    with np.errstate(all="ignore"):
        for a, b in pairs:
            expected = bool(np.allclose(a, b, rtol=1e-07, atol=1e-06, equal_nan=equal_nan))
            found = space["np"].allclose(a, b, rtol=1e-07, atol=1e-06, equal_nan=equal_nan)
            assert found == expected, (a, b)
