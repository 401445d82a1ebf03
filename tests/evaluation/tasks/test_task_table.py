import json

import pytest

from whetstone.evaluation.errors import UnknownTask
from whetstone.evaluation.tasks import TASKS, load_task, why_unavailable


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.jsonl"
    row = {"prompt": "Write f.", "tests": "assert f()"}
    path.write_text("\n".join(json.dumps({**row, "id": i}) for i in range(5)))
    return str(path)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("mbbp", "mbpp"), ("HumanEval", "humaneval"), ("human_eval", "humaneval"), ("mbpp_", "mbpp")],
)
def test_an_unknown_task_is_refused_with_the_nearest(name, nearest):
    with pytest.raises(UnknownTask, match=f"did you mean '{nearest}'"):
        load_task(name)
    assert f"did you mean '{nearest}'" in why_unavailable(name)


def test_a_limit_keeps_the_first_problems(own):
    assert [problem.id for problem in load_task(own, limit=2).problems] == ["0", "1"]
    assert len(load_task(own, limit=99).problems) == 5


def test_a_limit_of_nothing_is_refused(own):
    with pytest.raises(ValueError, match="limit=0"):
        load_task(own, limit=0)


def test_the_reason_for_a_users_file_is_that_it_is_missing(own):
    assert why_unavailable(own) is None
    assert "is not a file" in why_unavailable(own.replace("own", "other"))


def test_every_task_of_the_table_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    monkeypatch.delenv("HF_DATASETS_OFFLINE", raising=False)
    for name, entry in TASKS.items():
        if entry.source is None:
            assert why_unavailable(name) is None
        else:
            assert entry.source.file in why_unavailable(name)
