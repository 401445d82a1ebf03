import json

import pytest
from datasets import load_dataset

from whetstone.rewards.teacher.collect import FOLDER


def collected(config, folder, steps, prompts=40):
    """Grade two programs of each prompt at each step, as a trainer would."""
    from types import SimpleNamespace

    reward = config.build()
    reward.keep_in(folder)
    names = [f"task {n}" for n in range(prompts) for _ in range(2)]
    for step in steps:
        programs = [f"x = {step}{n}" for n in range(len(names))]
        reward(names, programs, trainer_state=SimpleNamespace(global_step=step))
    reward.close()


@pytest.fixture
def config(configure):
    return configure(collect={"validation": 0.2, "evaluation": 0.2})


def test_it_loads_back_with_all_its_columns(config, tmp_path, server):
    collected(config, tmp_path, [0])
    loaded = load_dataset(str(tmp_path / FOLDER), cache_dir=str(tmp_path / "hub"))
    assert set(loaded) == {"train", "validation", "evaluation"}
    assert sum(map(len, loaded.values())) == 80
    assert len(loaded["train"]) > len(loaded["validation"]) > 0
    prompts = [set(split["prompt"]) for split in loaded.values()]
    assert sum(map(len, prompts)) == len(set.union(*prompts))  # none is in two splits
    row = loaded["train"][0]
    grade = server.grade(None, row["student_code"]) / 10
    assert row["student_score"] == pytest.approx(grade)
    assert row["student_grades"] == dict.fromkeys(config.rubric.dimensions, grade)
    assert row["teacher_code"].startswith("# solves it")
    expected = min(grade / (row["teacher_score"] + 0.01), 2.0)
    assert row["reward"] == pytest.approx(expected)
    assert row["reason"] == f"worth {round(grade * 10)}"
    assert row["verdict"] is None


def test_a_continued_run_adds_only_what_is_new(config, tmp_path):
    collected(config, tmp_path, [0, 1], prompts=6)
    file = tmp_path / FOLDER / "train.jsonl"
    whole = file.read_text()
    file.write_text(whole + '{"id": "torn by a ki')
    collected(config, tmp_path, [1, 2], prompts=6)
    assert file.read_text().startswith(whole)
    splits = [path.read_text().splitlines() for path in (tmp_path / FOLDER).glob("*.jsonl")]
    rows = [json.loads(line) for lines in splits for line in lines]
    assert len(rows) == len({row["id"] for row in rows}) == 36
    assert sorted({row["step"] for row in rows}) == [0, 1, 2]


def test_a_split_without_rows_does_not_stop_loading(configure, tmp_path):
    collected(configure(collect={"validation": 0.0, "evaluation": 0.0}), tmp_path, [0], prompts=2)
    loaded = load_dataset(str(tmp_path / FOLDER), cache_dir=str(tmp_path / "hub"))
    assert set(loaded) == {"train"}


def test_it_can_be_left_out(configure, tmp_path):
    collected(configure(collect=None), tmp_path, [0], prompts=2)
    assert not (tmp_path / FOLDER).exists()
