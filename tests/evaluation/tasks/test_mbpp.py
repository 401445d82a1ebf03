import gzip
import json
import os
from pathlib import Path

import pytest

from whetstone.evaluation.tasks import build_program, load_task, mbpp_problems


def row(task_id):
    return {
        "task_id": task_id,
        "text": f"Write a function to add {task_id}.",
        "code": f"import math\r\ndef add(x):\r\n\treturn x + {task_id}",
        "test_list": [f"assert add(0) == {task_id}", f"assert add(1) == {task_id + 1}"],
        "test_setup_code": "raise SystemExit",
        "challenge_test_list": ["assert False"],
    }


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch, request):
    if "published" in request.fixturenames:
        return
    ids = [974, 1, 10, 11, 510, 511, 600, 601]
    content = "".join(json.dumps(row(task_id)) + "\n" for task_id in ids)
    (tmp_path / "mbpp.jsonl.gz").write_bytes(gzip.compress(content.encode()))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))


@pytest.fixture
def published():
    folder = os.environ.get("WHETSTONE_DATA_DIR")
    if not folder or not (Path(folder) / "mbpp.jsonl.gz").is_file():
        pytest.skip("WHETSTONE_DATA_DIR names no folder with mbpp.jsonl.gz")


def test_the_prompt_is_a_docstring_of_the_sentence_and_the_first_test():
    problem = mbpp_problems("test")[0]
    assert problem.prompt == ('"""\nWrite a function to add 11.\nassert add(0) == 11\n"""\n')
    assert problem.prefix == problem.prompt


def test_the_tests_leave_out_set_up_code_and_challenge_tests():
    problem = mbpp_problems("test")[0]
    assert problem.tests == "assert add(0) == 11\nassert add(1) == 12"
    assert problem.entry_points == ("add",)


def test_the_published_solution_is_kept_as_it_is():
    task = load_task("mbpp")
    problem = task.problems[0]
    assert build_program(task, problem, problem.reference) == (
        problem.prompt + "import math\r\ndef add(x):\r\n\treturn x + 11"
    )


def test_stop_words_and_time_limit_are_those_of_the_harness():
    task = load_task("mbpp")
    assert set(task.stop) == {
        "\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```",
    }  # fmt: skip
    assert task.timeout_s == 3.0


@pytest.mark.parametrize(
    ("split", "ids"),
    [("prompt", [1, 10]), ("test", [11, 510]), ("validation", [511, 600]), ("train", [601, 974])],
)
def test_splits_are_cut_and_ordered_by_task_id(split, ids):
    assert [problem.id for problem in mbpp_problems(split)] == [f"mbpp/{i}" for i in ids]


def test_an_unknown_split_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="prompt, test, validation, train"):
        mbpp_problems("dev")


@pytest.mark.usefixtures("published")
def test_the_published_splits_have_their_published_sizes():
    sizes = {"train": 374, "test": 500, "validation": 90, "prompt": 10}
    assert {split: len(mbpp_problems(split)) for split in sizes} == sizes
    assert len(load_task("mbpp").problems) == 500


@pytest.mark.usefixtures("published")
def test_every_published_problem_has_an_entry_point():
    problems = [p for split in ("train", "test") for p in mbpp_problems(split)]
    assert all(problem.entry_points for problem in problems)
