"""The gold check: reference solutions of HumanEval and MBPP pass.

The data is not part of this project: `WHETSTONE_DATA_DIR` names the folder that holds it, and
`WHETSTONE_PARITY_DIR` that of samples with the verdicts of bigcode-evaluation-harness.
"""

import gzip
import json
import os
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Job, Verdict


def rows(file):
    folder = os.environ.get("WHETSTONE_DATA_DIR")
    if not folder or not (Path(folder) / file).is_file():
        pytest.skip(f"WHETSTONE_DATA_DIR names no folder with {file}")
    with gzip.open(Path(folder) / file, "rt") as lines:
        return [json.loads(line) for line in lines]


def not_passed(sandbox, jobs):
    results = zip(jobs, sandbox.run_many(jobs.values()), strict=True)
    return {name for name, result in results if result.verdict is not Verdict.PASSED}


def test_humaneval(sandbox):
    jobs = {
        row["task_id"]: Job(
            row["prompt"] + row["canonical_solution"],
            f"{row['test']}\ncheck({row['entry_point']})",
            entry_points=[row["entry_point"]],
        )
        for row in rows("HumanEval.jsonl.gz")
    }
    assert len(jobs) == 164
    assert not_passed(sandbox, jobs) == set()


def test_mbpp(sandbox):
    jobs = {
        row["task_id"]: Job(f"{row['code']}\n{row['test_setup_code']}", "\n".join(row["test_list"]))
        for row in rows("mbpp.jsonl.gz")
    }
    assert len(jobs) == 974
    # 123 needs 3 to 6 s of processor time.
    assert not_passed(sandbox, jobs) <= {123}


def test_mbpp_with_its_setup_among_the_tests(sandbox):
    jobs = {
        row["task_id"]: Job(row["code"], "\n".join([row["test_setup_code"], *row["test_list"]]))
        for row in rows("mbpp.jsonl.gz")
    }
    assert not_passed(sandbox, jobs) <= {123}


def test_verdicts_equal_those_of_the_harness(sandbox):
    folder = os.environ.get("WHETSTONE_PARITY_DIR")
    if not folder:
        pytest.skip("WHETSTONE_PARITY_DIR names no folder with samples of the harness")
    with gzip.open(Path(folder) / "humaneval_82.json.gz", "rt") as file:
        problems = json.load(file)["problems"]
    samples = [
        (Job(program, problem["reference"]), bool(passed))
        for problem in problems
        for program, passed in zip(problem["generations"], problem["passed"], strict=True)
    ]
    results = sandbox.run_many([job for job, _ in samples])
    ours = [result.verdict is Verdict.PASSED for result in results]
    assert ours == [passed for _, passed in samples]
