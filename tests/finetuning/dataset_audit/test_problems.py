"""What an audit reads is what training and evaluation read: the same rows, prompts, programs."""

import gzip
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from whetstone.evaluation.audit.examine import examine
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_audit_data
from whetstone.finetuning.data.audited import VERDICTS, without_quarantined
from whetstone.finetuning.data.public import public_rows
from whetstone.finetuning.dataset_audit.problems import audited_problems
from whetstone.finetuning.dataset_audit.run import audit_data
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parents[2] / "evaluation" / "public"))
import public_layouts as layouts

TWICE = {
    "task_id": "HumanEval/7",
    "prompt": 'def twice(x):\n    """ Double x. """\n',
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
    "entry_point": "twice",
}
CPP = {
    "task_id": "CPP/7",
    "prompt": "int twice(int x){\n",
    "declaration": "int twice(int x){\n",
    "canonical_solution": "    return 2 * x;\n}\n",
    "test": "int main(){\n    if (twice(2) != 4) return 1;\n}\n",
}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder of data with a problem of two tasks, and two of a public data set."""
    for name, row in {"HumanEval": TWICE, "humaneval_cpp": CPP}.items():
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    wrong = layouts.input_output([*layouts.PAIRS, ("2 2\n", "5\n")])
    rows = [
        layouts.apps(),
        layouts.apps(problem_id=8, question="Sum again.", input_output=json.dumps(wrong)),
    ]
    (tmp_path / "apps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("published")
def test_references_of_a_chat_task_are_programs_of_its_answers():
    problems = audited_problems("humaneval_chat", None)
    with Sandbox() as sandbox:
        findings = examine(sandbox, problems, 3.0, 512, 0)
    assert [one.reference for one in findings] == [["passed"] * 3]


@pytest.mark.usefixtures("published")
def test_a_task_of_another_language_is_refused():
    with pytest.raises(ConfigError, match="an audit runs Python"):
        audited_problems("multiple-cpp", None)


def test_rows_of_another_language_are_told_with_their_line(tmp_path):
    cases = [{"input": "1", "output": "1"}]
    row = {"prompt": "p", "tests": cases, "language": "c++", "reference": "int main(){}"}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(
        ConfigError, match=r"rows.jsonl:1: field language: c\+\+; an audit runs Python"
    ):
        audited_problems(str(path), None)


@pytest.mark.usefixtures("published")
def test_of_a_public_data_set_what_is_trained_on_is_audited(tmp_path):
    """And found again by `data.audit`: training asks the same prompts."""
    settings = load_audit_data(["data=apps", f"outputs={tmp_path}", "mutants=2"])
    folder = audit_data(settings, Console(quiet=True))
    actions = [(one["id"], one["action"]) for one in map(json.loads, (folder / VERDICTS).open())]
    assert [action for _, action in actions] == ["keep", "quarantine"]
    config = load(["algo=grpo", "model=qwen", "data=apps"]).main.data
    rows, _ = public_rows(config, Need.PROMPTS, seed=0)
    left = without_quarantined(rows, folder)
    assert len(rows) == 2
    assert len(left) == 1
    assert "Sum again." not in left[0]["prompt"][0]["content"]
