"""Public data sets as rows to train on: no more is read than wanted, and the gate tells."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from whetstone.evaluation.public.table import PUBLIC_SETS
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_evaluation
from whetstone.finetuning.config.schema.public_data import PublicName
from whetstone.finetuning.data.build import build_data
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards.execution import ExecutionReward

sys.path.insert(0, str(Path(__file__).parents[2] / "evaluation" / "public"))
import public_layouts as layouts


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with forty problems of two data sets, and one of every other."""
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    for name, row in layouts.ROWS.items():
        write(tmp_path / f"{name}.jsonl", [row()])
    texts = [f"{layouts.QUESTION} {number}" for number in range(40)]
    levels = ("introductory", "interview")
    rows = [layouts.apps(problem_id=n, question=text, difficulty=levels[n % 2])
            for n, text in enumerate(texts)]  # fmt: skip
    write(tmp_path / "apps.jsonl", rows)
    write(tmp_path / "taco.jsonl", [layouts.taco(question=text) for text in texts])
    return tmp_path


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def config_of(*settings):
    return load(["model=qwen", "tracker=none", *settings]).main


def rows_of(*settings, need=Need.PROMPTS, seed=0):
    return build_data(config_of(*settings).data, need, seed)


def problems(*settings):
    with pytest.raises(ConfigError) as caught:
        load(["tracker=none", *settings])
    return {problem.setting: problem.message for problem in caught.value.problems}


def test_the_names_of_the_schema_are_those_of_the_table():
    """All but one that is there to measure with."""
    assert {*get_args(PublicName), "bigcodebench"} == set(PUBLIC_SETS)


@pytest.fixture(scope="module")
def reward():
    reward = ExecutionReward(workers=1)
    yield reward
    reward.close()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", get_args(PublicName))
def test_rows_of_every_data_set_are_paid_for_their_reference(name, reward):
    row = rows_of(f"data={name}", "data.limit=1").train[0]
    assert row["prompt"][0]["role"] == "user"
    answer = row["reference"] or layouts.SOLVED[name]
    columns = {key: [value] for key, value in row.items() if key != "prompt"}
    assert reward(prompts=[row["prompt"]], completions=[answer], **columns) == [1.0]


def test_no_more_is_read_than_is_wanted(folder):
    with (folder / "apps.jsonl").open("a") as file:
        file.write("this is no JSON\n")
    rows = rows_of("data=apps", "data.limit=10").train
    assert rows["id"] == [f"apps/{number}" for number in range(10)]
    rows = rows_of("data=apps", "data.limit=10", "data.difficulty=[interview]").train
    assert rows["id"] == [f"apps/{number}" for number in range(1, 20, 2)]


@pytest.mark.usefixtures("folder")
def test_text_ends_where_the_program_begins():
    row = rows_of("data=apps", "data.chat=false", "data.limit=1").train[0]
    assert row["prompt"].endswith(
        "Answer with the whole program in one fenced Python block.\n\n```python\n"
    )
    assert row["stop"] == ["\n```"]
    data = rows_of("data=apps", "algo=sft", "data.chat=false", need=Need.COMPLETIONS)
    assert (len(data.train), len(data.held_out)) == (36, 4)
    assert data.train[0]["completion"] == layouts.ADD.rstrip() + "\n```"
    chat = rows_of("data=apps", "algo=sft", need=Need.COMPLETIONS).train[0]
    assert chat["completion"][0]["content"] == f"```python\n{layouts.ADD}```"


@pytest.mark.usefixtures("folder")
def test_a_mix_is_drawn_in_its_shares_and_again_from_its_seed():
    mix = ["data=mix", "data.mix={apps:0.75,taco:0.25}", "data.limit=40"]
    found = [rows_of(*mix, seed=seed).train["id"] for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    counts = Counter(name.partition("/")[0] for name in found[0])
    assert counts.total() == 40
    assert 24 <= counts["apps"] <= 36
    unlimited = rows_of("data=mix", "data.mix={apps:9,taco:1}").train["id"]
    assert Counter(name.partition("/")[0] for name in unlimited)["apps"] == 40


def test_what_is_left_out_is_told_in_one_line(folder, caplog):
    rows = [layouts.apps(problem_id=1), layouts.apps(input_output=""), layouts.apps(question="")]
    write(folder / "apps.jsonl", rows)
    assert len(rows_of("data=apps").train) == 1
    assert [record.message for record in caplog.records] == [
        "apps: 2 of 3 problems are left out (1 no tests, 1 no question)"
    ]
    write(folder / "apps.jsonl", rows[1:])
    with pytest.raises(ConfigError, match="no problem can be judged: apps: 2 of 2 problems"):
        rows_of("data=apps")
    write(folder / "apps.jsonl", rows)
    with pytest.raises(ConfigError, match=r"data.difficulty=\[hard\]: none of the 1 problems"):
        rows_of("data=apps", "data.difficulty=[hard]")


def test_the_gate_tells_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = problems("model=qwen", "data=apps", "data.split=dev")
    assert found["data=apps"] == "apps has no split 'dev': choose one of train, test"
    found = problems("model=qwen", "data=apps", "data.path=/nowhere")
    assert found["data.path=/nowhere"] == "there is no file or folder /nowhere"
    found = problems("model=qwen", "data=mix", "data.mix={apps:1,kodcode:1}")
    assert "kodcode is not in WHETSTONE_DATA_DIR" in found["data.mix.kodcode"]


@pytest.mark.usefixtures("folder")
def test_the_gate_tells_what_does_not_fit():
    found = problems("model=nano", "data=apps")
    assert found["data.chat=true"] == "model=nano has no chat template; add data.chat=false"
    found = problems("model=qwen", "data=acecode", "algo=sft")
    assert "it serves algo=grpo" in found["data=acecode"]
    assert problems("model=qwen", "data=mix", "data.mix={mbpp:1}")
    assert problems("model=qwen", "data=mix", "data.mix={apps:0}")


@pytest.mark.usefixtures("folder")
def test_a_window_needs_a_task_with_dates_and_packages_must_be_installed():
    given = ["model=nano", "data=nano", "data.eval_tasks=[livecodebench_text]"]
    window = "hooks.evaluate.window=2024-08..2025-02"
    assert load(["tracker=none", *given, window]).stages  # its first stage measures nothing
    found = problems("model=nano", "data=nano", "data.eval_tasks=[nano]", window)
    assert any("no task has dates" in message for message in found.values())
    found = problems(*given, "hooks.evaluate.window=2024-13..")
    assert any("such as 2024-08..2025-02" in message for message in found.values())
    found = problems(*given, "hooks.evaluate.packages=[no_such]")
    assert any("no module of this name" in message for message in found.values())


@pytest.mark.usefixtures("folder")
def test_the_command_takes_a_window_and_packages_too():
    config = load_evaluation(
        ["model=qwen", "tasks=[livecodebench]", "window=2024-08..2025-02", "packages=[json]"]
    )
    assert (config.window, config.packages) == ("2024-08..2025-02", ["json"])
    with pytest.raises(ConfigError, match=r"window=2024-08\.\.: no task has dates"):
        load_evaluation(["model=qwen", "tasks=[apps]", "window=2024-08.."])
