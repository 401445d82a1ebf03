import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from whetstone.evaluation.pass_at_k import pass_at_k
from whetstone.evaluation.tasks import build_program, load_task

ROW = {
    "task_id": "HumanEval/7",
    "prompt": '\n\ndef twice(x):\n    """ Double x.\n    >>> twice(2)\n    4\n    """\n',
    "canonical_solution": "    return 2 * x\n",
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(2) == 4\n\n",
    "entry_point": "twice",
}


@pytest.fixture
def task(tmp_path, monkeypatch):
    (tmp_path / "HumanEval.jsonl.gz").write_bytes(gzip.compress(json.dumps(ROW).encode()))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    return load_task("humaneval")


def test_the_prompt_is_stripped_at_both_ends(task):
    (problem,) = task.problems
    assert problem.prompt == ROW["prompt"].strip()
    assert problem.prompt.startswith("def twice")
    assert problem.prompt.endswith('4\n    """')
    assert problem.prefix == problem.prompt


def test_the_tests_are_the_reference_of_the_harness(task):
    (problem,) = task.problems
    assert problem.tests == (
        "\n\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(2) == 4\n\n"
        "\ncheck(twice)"
    )
    assert problem.id == "HumanEval/7"
    assert problem.entry_points == ("twice",)


def test_stop_words_and_time_limit_are_those_of_the_harness(task):
    expected = {"\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>"}
    assert set(task.stop) == expected
    assert task.timeout_s == 3.0


def test_the_published_solution_follows_the_stripped_prompt(task):
    (problem,) = task.problems
    program = build_program(task, problem, problem.reference)
    assert program == ROW["prompt"].strip() + "\n    return 2 * x\n"


def published():
    folder = os.environ.get("WHETSTONE_DATA_DIR")
    if not folder or not (Path(folder) / "HumanEval.jsonl.gz").is_file():
        pytest.skip("WHETSTONE_DATA_DIR names no folder with HumanEval.jsonl.gz")
    return load_task("humaneval")


def test_the_published_task_holds_164_problems_whose_references_are_whole_programs():
    task = published()
    assert len(task.problems) == 164
    assert [problem.id for problem in task.problems] == [f"HumanEval/{i}" for i in range(164)]
    for problem in task.problems:
        compile(build_program(task, problem, problem.reference), problem.id, "exec")
        assert problem.entry_points


def parity_case():
    folder = os.environ.get("WHETSTONE_PARITY_DIR")
    if not folder:
        pytest.skip("WHETSTONE_PARITY_DIR names no folder with generations of the harness")
    with gzip.open(Path(folder) / "humaneval_82.json.gz", "rt", encoding="utf-8") as file:
        return json.load(file)


def test_programs_and_tests_equal_those_of_the_harness():
    case = parity_case()
    task = published()
    # The sampler ends at the end-of-text token; raw generations of the harness still hold it.
    task = replace(task, stop=(*task.stop, case["eos_token"]))
    problems = {problem.id: problem for problem in task.problems}
    compared = 0
    for theirs in case["problems"]:
        ours = problems[theirs["task_id"]]
        assert ours.tests == theirs["reference"]
        for raw, program in zip(theirs["raw"], theirs["generations"], strict=True):
            assert raw.startswith(ours.prompt)
            assert build_program(task, ours, raw.removeprefix(ours.prompt)) == program
            compared += 1
    assert compared == case["limit"] * case["n_samples"]


def test_pass_at_k_equals_that_of_the_harness_on_its_own_verdicts():
    case = parity_case()
    for metric, expected in case["expected"].items():
        k = int(metric.removeprefix("pass@"))
        values = [pass_at_k(len(p["passed"]), sum(p["passed"]), k) for p in case["problems"]]
        assert sum(values) / len(values) == pytest.approx(expected, abs=1e-12)
