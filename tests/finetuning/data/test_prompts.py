"""Our own prompts: every task in every language, and none in training that is kept to measure."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.data import build
from whetstone.finetuning.formats.dataset_type import Need

FOLDER = Path(build.__file__).parent / "prompts"
MARKS = {"python": "Write high-quality Python", "cpp": "Write high-quality C++"}
MARKS |= {"rust": "Write high-quality Rust"}


def tasks(name):
    """Languages of each task of a file."""
    found = defaultdict(list)
    for line in (FOLDER / name).read_text().splitlines():
        row = json.loads(line)
        first, task, fence = row["prompt"].strip().split("\n\n")
        assert first == f"{MARKS[row['language']]} code."
        assert fence == f"```{row['language']}"
        found[task].append(row["language"])
    return found


def test_every_task_is_there_in_every_language():
    for name, count in {"train.jsonl": 96, "evaluation.jsonl": 20}.items():
        found = tasks(name)
        assert len(found) == count
        assert all(sorted(languages) == sorted(MARKS) for languages in found.values())


def test_no_task_is_both_trained_on_and_measured():
    assert not tasks("train.jsonl").keys() & tasks("evaluation.jsonl").keys()


@pytest.mark.parametrize(("chosen", "rows"), [("[python,cpp,rust]", 288), ("[rust]", 96)])
def test_a_run_gets_the_languages_that_it_asks_for(chosen, rows):
    given = ["data=prompts", f"data.languages={chosen}", "hooks.evaluate.tasks=[]"]
    config = load(["reward=random", *given]).main.data
    dataset = build.build_dataset(config, Need.PROMPTS, seed=0)
    assert len(dataset) == rows
    assert set(dataset["language"]) == set(chosen.strip("[]").split(","))
    assert dataset[0]["stop"] == ["\n```"]
