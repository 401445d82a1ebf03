import gzip
import json
import os
from pathlib import Path

import pytest

from whetstone.evaluation.evaluate import evaluate
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import build_program, load_task
from whetstone.rewards.sandbox import Sandbox

OWN = json.loads((Path(__file__).parents[1] / "harness" / "own_parity.json").read_text())["tasks"]


@pytest.fixture
def own(tmp_path, monkeypatch):
    for case in OWN.values():
        content = "".join(json.dumps(row) + "\n" for row in case["rows"])
        (tmp_path / case["file"]).write_bytes(gzip.compress(content.encode()))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))


def failing(task, folder, sandbox):
    """Answer with the published solutions; return the problems that they do not solve."""
    answers = {problem.prompt: problem.reference for problem in task.problems}
    settings = Settings(
        samples=1, temperature=1.0, top_p=1.0, top_k=0, max_new_tokens=9, batch_size=500, seed=0,
        k=(1,), greedy=False,
    )  # fmt: skip
    asked = []

    def sampler(prompts, params):
        asked.append(params)
        return [[answers[prompt]] for prompt in prompts]

    evaluate(task, sampler, sandbox, settings, folder)
    assert all(params.chat for params in asked)
    lines = (folder / f"{task.name}.samples.jsonl").read_text().splitlines()[1:]
    return {row["problem"] for row in map(json.loads, lines) if row["verdict"] != "passed"}


@pytest.mark.usefixtures("own")
def test_humaneval_chat_takes_the_block_and_keeps_what_the_prompt_defines():
    task = load_task("humaneval_chat")
    problem = task.problems[2]
    assert "```python\ndef encode" in problem.prompt
    answer = "Sure:\n```python\ndef decode(text):\n    return encode(text)\n```\nprint(1)"
    program = build_program(task, problem, answer)
    assert program.startswith("def encode")
    assert program.endswith("\n\ndef decode(text):\n    return encode(text)\n")
    with Sandbox(workers=1) as sandbox:
        assert sandbox.run(program, problem.tests, entry_points=problem.entry_points).verdict == (
            "passed"
        )


@pytest.mark.usefixtures("own")
def test_mbpp_chat_is_the_answer_alone():
    task = load_task("mbpp_chat")
    problem = task.problems[0]
    assert problem.prompt.startswith("Write a function to double a number. Your code must pass")
    assert build_program(task, problem, "```\nx = 1\n```") == "x = 1\n"
    assert build_program(task, problem, "x = 1\nclass A: ...") == "x = 1\nclass A: ..."


@pytest.mark.parametrize("name", ["humaneval_chat", "mbpp_chat"])
def test_the_published_solutions_pass(tmp_path, name):
    folder = os.environ.get("WHETSTONE_DATA_DIR")
    file = "HumanEval.jsonl.gz" if name == "humaneval_chat" else "mbpp.jsonl.gz"
    if not folder or not (Path(folder) / file).is_file():
        pytest.skip(f"WHETSTONE_DATA_DIR names no folder with {file}")
    with Sandbox() as sandbox:
        failed = failing(load_task(name), tmp_path, sandbox)
    # 367 needs the set-up code; 123 takes about as long as its limit.
    assert failed - {"mbpp/123", "mbpp/367"} == set()
