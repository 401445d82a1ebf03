"""Which rows a run gets that chooses none, and what its first lines say about it."""

import pytest

from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import read_command_line
from whetstone.finetuning.config.default_data import with_default_data
from whetstone.finetuning.config.describe import describe_plan
from whetstone.finetuning.errors import ConfigError


@pytest.fixture(autouse=True)
def _online(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("WHETSTONE_DATA_DIR", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-for-the-gate")


def chosen(algo, rewards, stages=({},), collect=None, data="auto", init="pretrained"):
    composed = {
        "model": {"init": init, "path": None},
        "data": {"name": data},
        "algo": {"name": algo},
        "collect": collect,
        "reward": dict.fromkeys(rewards),
        "pipeline": {"stages": {str(n): {"choose": own} for n, own in enumerate(stages)}},
    }
    return with_default_data(read_command_line([]), composed).choices.get("data")


@pytest.mark.parametrize(
    ("algo", "rewards", "data"),
    [
        ("grpo", ["execution"], "mbpp"),
        ("grpo", ["teacher"], "prompts"),
        ("rfai", ["teacher", "compiler"], "prompts"),
        ("ppo", ["execution", "teacher"], "mbpp"),
        ("grpo", ["reward_model"], "mbpp"),
        ("grpo", [], "mbpp"),
        ("sft", ["teacher"], "mbpp"),
    ],
)
def test_the_data_follow_the_reward(algo, rewards, data):
    assert chosen(algo, rewards) == f"data={data}"


def test_what_only_a_user_can_have_is_not_replaced():
    for algo in ("pretrain", "dpo", "kto", "reward"):
        assert chosen(algo, ["execution"]) is None
    assert chosen("dpo", ["execution"], collect={"name": "base"}) == "data=mbpp"


def test_the_rewards_of_a_pipeline_are_those_of_its_stages():
    of_stages = ({"collect": "dpo", "reward": "compiler"}, {"algo": "dpo", "data": "jsonl"})
    assert chosen("grpo", ["execution"], of_stages) == "data=prompts"


def test_what_was_chosen_stays():
    assert chosen("grpo", ["teacher"], data="nano") is None


def test_nano_that_is_told_to_follow_keeps_its_world():
    assert chosen("dpo", ["teacher"], init="nano") == "data=nano"


def test_a_real_model_is_not_trained_on_the_toy_world():
    plan = load(["algo=grpo", "model=qwen", "reward=teacher", "reward.teacher.model=m"])
    assert plan.main.data.name == "prompts"
    assert plan.main.hooks.evaluate.tasks == ["mbpp", "humaneval"]
    assert [line.split(maxsplit=1) for line in describe_plan(plan).splitlines()] == [
        ["model", "qwen (Qwen/Qwen2.5-Coder-1.5B), a LoRA adapter, r=64"],
        ["train", "grpo on prompts, judged by teacher"],
        ["measured", "on mbpp and humaneval, before and after"],
    ]
    assert load(["model=qwen", "data=nano"]).main.data.name == "nano"


def test_nano_keeps_its_world_and_every_stage_is_told():
    plan = load([])
    assert plan.main.data.name == "nano"
    assert [line.split(maxsplit=1) for line in describe_plan(plan).splitlines()] == [
        ["model", "nano (made here from nothing), all weights"],
        ["base", "sft on nano"],
        ["rl", "grpo on nano, judged by execution"],
        ["measured", "on nano, before and after"],
    ]


def test_a_pipeline_without_data_gets_what_its_judge_needs():
    plan = load(["model=qwen", "pipeline=compiler_dpo"])
    assert plan.asked.data.name == "prompts"
    told = describe_plan(plan)
    assert "dpo rows from what samples made, judged by compiler" in told
    assert "sft on what demonstrations made" in told


def test_an_algorithm_without_default_rows_says_what_to_give():
    with pytest.raises(ConfigError) as caught:
        load(["model=qwen", "algo=dpo"])
    [problem] = caught.value.problems
    assert problem.setting == "data"
    assert "data=jsonl data.train=FILE.jsonl" in problem.message
    assert "pipeline=execution_dpo" in problem.message


def test_a_run_without_tasks_says_so(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "p", "tests": "assert f() == 1"}\n' * 4)
    told = describe_plan(load(["model=a/b", "data=jsonl", f"data.train={rows}"]))
    assert "measured  on nothing; set data.eval_tasks" in told


def test_a_backend_is_no_other_run():
    assert run_name(load(["model=qwen", "backend=cpu"])) == "qwen-mbpp-grpo"
    assert run_name(load(["model=qwen", "backend=cuda_qlora"])) == "qwen-mbpp-grpo-qlora"
