"""The published tasks and the harness's own verdicts, through the real sandbox.

They need the published files, which are not part of this project: `WHETSTONE_DATA_DIR` names the
folder of the tasks, `WHETSTONE_PARITY_DIR` that of the harness's generations.
"""

import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from whetstone.evaluation.evaluate import evaluate
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import load_task
from whetstone.rewards.sandbox import Sandbox

PARITY_FILE = "humaneval_82.json.gz"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as opened:
        yield opened


def published(name, file):
    folder = os.environ.get("WHETSTONE_DATA_DIR")
    if not folder or not (Path(folder) / file).is_file():
        pytest.skip(f"WHETSTONE_DATA_DIR names no folder with {file}")
    return load_task(name)


def settings(samples, k):
    return Settings(
        samples=samples,
        temperature=1.0,
        top_p=1.0,
        top_k=0,
        max_new_tokens=512,
        batch_size=100 * samples,
        seed=0,
        k=k,
        greedy=False,
    )


def answering(answers):
    """Return a sampler that knows the completions of each prompt."""

    def sampler(prompts, params):
        return [answers[prompt][: params.n] for prompt in prompts]

    return sampler


def failed_problems(folder, task):
    lines = (folder / f"{task.name}.samples.jsonl").read_text().splitlines()[1:]
    rows = [json.loads(line) for line in lines]
    return {row["problem"] for row in rows if row["verdict"] != "passed"}


@pytest.mark.parametrize(
    ("name", "file", "beyond_reach"),
    [
        ("humaneval", "HumanEval.jsonl.gz", set()),
        # 342 holds a stop word, 367 needs the set-up code that the harness ignores.
        ("mbpp", "mbpp.jsonl.gz", {"mbpp/342", "mbpp/367"}),
    ],
)
def test_the_published_solutions_pass(tmp_path, sandbox, name, file, beyond_reach):
    task = published(name, file)
    sampler = answering({problem.prompt: [problem.reference] for problem in task.problems})
    evaluate(task, sampler, sandbox, settings(1, (1,)), tmp_path)
    # 123 takes about as long as the limit: its verdict is the machine's.
    assert failed_problems(tmp_path, task) - {"mbpp/123"} == beyond_reach


@pytest.mark.slow
def test_scores_and_verdicts_equal_those_of_the_harness(tmp_path, sandbox):
    folder = os.environ.get("WHETSTONE_PARITY_DIR")
    if not folder:
        pytest.skip(f"WHETSTONE_PARITY_DIR names no folder with {PARITY_FILE}")
    case = json.loads(gzip.decompress((Path(folder) / PARITY_FILE).read_bytes()))
    theirs = {problem["task_id"]: problem for problem in case["problems"]}
    task = published("humaneval", "HumanEval.jsonl.gz")
    problems = tuple(problem for problem in task.problems if problem.id in theirs)
    task = replace(task, problems=problems, stop=(*task.stop, case["eos_token"]))
    answers = {
        problem.prompt: [raw.removeprefix(problem.prompt) for raw in theirs[problem.id]["raw"]]
        for problem in problems
    }
    scores = evaluate(task, answering(answers), sandbox, settings(10, (1, 5, 10)), tmp_path)
    lines = (tmp_path / "humaneval.samples.jsonl").read_text().splitlines()[1:]
    differing = [
        (row["problem"], row["index"], row["verdict"])
        for row in map(json.loads, lines)
        if (row["verdict"] == "passed") != theirs[row["problem"]]["passed"][row["index"]]
    ]
    assert differing == []
    assert {name: scores.metrics[name] for name in case["expected"]} == pytest.approx(
        case["expected"], abs=1e-12
    )
