"""`data=basics`: rows to train on in both forms, and none of what is held out."""

import pytest

from whetstone.evaluation.basics.problems import held_out_tasks, trained_tasks
from whetstone.evaluation.tasks import load_task
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_audit_data
from whetstone.finetuning.config.schema import BasicsData
from whetstone.finetuning.data.build import build_data
from whetstone.finetuning.dataset_audit.problems import audited_problems
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.rewards.programs import programs


def config(*settings: str) -> BasicsData:
    data = load(["model=qwen", "data=basics", *settings]).main.data
    assert isinstance(data, BasicsData)
    return data


@pytest.mark.parametrize("chat", [True, False])
def test_each_reference_is_the_answer_that_a_reward_reads(chat):
    rows = build_data(config(f"data.chat={chat}"), Need.PROMPTS, 0).train.to_list()
    assert len(rows) == len(trained_tasks())
    answers = [row["reference"] for row in rows]
    if chat:
        assert all(row["prompt"][0]["role"] == "user" for row in rows)
        answers = [[{"role": "assistant", "content": text + "\nThat is all."}] for text in answers]
    columns = {name: [row[name] for row in rows] for name in ("prefix", "stop", "entry_points")}
    written = programs(answers, **columns)
    for task, program in zip(trained_tasks(), written, strict=True):
        head, _, body = task.reference.partition("\n")
        assert program.startswith(head)
        assert program.endswith(body)


def test_what_is_measured_is_not_trained_on():
    asked = {row["prompt"][0]["content"] for row in build_data(config(), Need.PROMPTS, 0).train}
    task = load_task("basics")
    assert not asked & {problem.prompt for problem in task.problems}
    assert config().eval_tasks == ["basics"]


def test_some_difficulties_alone():
    rows = build_data(config("data.difficulty=[easy,hard]"), Need.PROMPTS, 0).train
    assert set(rows["difficulty"]) == {"easy", "hard"}
    with pytest.raises(ConfigError, match=r"data\.difficulty"):
        config("data.difficulty=[trivial]")


def test_supervised_training_learns_the_references_and_measures_held_out_ones():
    for chat in (True, False):
        data = build_data(config(f"data.chat={chat}", "algo=sft"), Need.COMPLETIONS, 0)
        assert len(data.train) == len(trained_tasks())
        assert len(data.held_out) == len(held_out_tasks())
    assert build_data(config("data.held_out=0"), Need.COMPLETIONS, 0).held_out is None


def test_a_model_without_a_template_is_asked_in_text():
    with pytest.raises(ConfigError, match=r"data\.chat=false"):
        load(["model=nano", "data=basics"])
    assert load(["model=nano", "data=basics", "data.chat=false"]).main.data.name == "basics"


def test_algorithms_without_such_rows_say_so():
    with pytest.raises(ConfigError, match="it serves algo="):
        load(["model=qwen", "data=basics", "algo=kto"])


def test_an_audit_looks_at_all_of_them():
    assert load_audit_data(["data=basics"]).data == "basics"
    problems = audited_problems("basics", None)
    assert len(problems) == len(trained_tasks()) + len(held_out_tasks())
    assert problems[0].reference == trained_tasks()[0].reference
    assert len(audited_problems("basics", 3)) == 3
