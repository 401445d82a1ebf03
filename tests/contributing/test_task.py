"""A task takes the files that CONTRIBUTING lists: one is added to a copy, and loaded there."""

TASK = """
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.tasks.source import RowSource

SOURCE = RowSource("toy.jsonl.gz", "owner/toy", None, frozenset({"id", "prompt", "test"}))


def toy():
    rows = SOURCE.rows()
    problems = tuple(TaskProblem(row["id"], row["prompt"], row["test"]) for row in rows)
    return Task("toy", problems, stop=("\\n",), timeout_s=3.0)
"""
TEST = """
import gzip
import json

from whetstone.evaluation.tasks import load_task
from whetstone.finetuning.config import load


def test_its_rows_are_problems(tmp_path, monkeypatch):
    row = {"id": "one", "prompt": "def f(a):", "test": "assert f(1) == 2"}
    (tmp_path / "toy.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    assert load_task("toy").problems[0].prompt == "def f(a):"
    config = load(["algo=grpo", "model=nano", "hooks.evaluate.tasks=[toy]"]).main
    assert config.hooks.evaluate.tasks == ["toy"]
"""


def test_a_task_takes_what_is_promised(house):
    table = "evaluation/tasks/__init__.py"
    house.add("evaluation/tasks/toy.py", TASK)
    imported = "from whetstone.evaluation.tasks.toy import SOURCE as TOY_SOURCE\n"
    imported += "from whetstone.evaluation.tasks.toy import toy\n"
    house.insert(table, "\n__all__", imported)
    entry = '        "toy": Entry(toy, TOY_SOURCE, in_harness=False),\n'
    house.insert(table, '        "mbpp": ', entry)
    house.add("tests/evaluation/tasks/test_toy.py", TEST)
    house.passes("tests/evaluation/tasks/test_toy.py")
    house.is_as_promised("a task", "toy")
