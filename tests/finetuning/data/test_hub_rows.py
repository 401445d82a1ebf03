"""Data sets that `datasets` reads: what is wrong with one is the user's to mend, with its name."""

import json

import pytest

from whetstone.finetuning.config.schema import HubData
from whetstone.finetuning.data.files import hub_rows
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need

PAIR = {"question": "p", "chosen": "c", "rejected": "r"}


def data_of(folder, **rename):
    return HubData(
        name="hub",
        path=str(folder),
        subset=None,
        revision=None,
        train_split="train",
        validation_split=None,
        rename=rename,
        held_out=0,
        eval_tasks=[],
        watch_task=None,
        limit=None,
        audit=None,
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "rows").mkdir()
    return tmp_path / "rows"


def test_columns_are_renamed(folder):
    (folder / "train.jsonl").write_text(json.dumps(PAIR) + "\n")
    rows, _ = hub_rows(data_of(folder, question="prompt"), Need.PREFERENCES)
    assert rows == [{"prompt": "p", "chosen": "c", "rejected": "r"}]


@pytest.mark.parametrize(
    ("text", "rename"),
    [(json.dumps(PAIR) + "\n", {"asked": "prompt"}), ('{"prompt": "p",\n', {})],
    ids=["a column that is not there", "a broken file"],
)
def test_what_cannot_be_read_is_named(folder, text, rename):
    (folder / "train.jsonl").write_text(text)
    with pytest.raises(ConfigError) as caught:
        hub_rows(data_of(folder, **rename), Need.PREFERENCES)
    assert [problem.setting for problem in caught.value.problems] == [f"data.path={folder}"]
