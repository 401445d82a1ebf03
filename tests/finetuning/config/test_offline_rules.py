"""Combinations that cannot work are refused by the gate, with setting, value and remedy."""

import json

import pytest
import yaml
from transformers import T5Config

from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import load
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.references import references, with_products
from whetstone.finetuning.errors import ConfigError


def problems_of(*overrides: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(overrides)
    return {problem.setting: problem.message for problem in caught.value.problems}


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps({"prompt": "p", "tests": "assert f()"}) + "\n")
    return path


def test_preferences_are_asked_of_a_file_of_prompts(prompts):
    found = problems_of("model=qwen", "algo=dpo", "data=jsonl", f"data.train={prompts}")
    message = found[f"data.train={prompts}"]
    assert "these are prompts, for algo=grpo" in message
    assert "algo=dpo needs prompt, chosen, rejected" in message
    assert "whetstone collect" in message


def test_a_file_of_another_kind_is_one_sentence(tmp_path):
    def told(algo, folder, *rows):
        folder.mkdir()
        for name in ("train.jsonl", "validation.jsonl"):
            (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows * 30))
        (found,) = problems_of(
            "model=qwen", f"algo={algo}", "data=jsonl", f"data.train={folder}"
        ).values()
        return found

    pair = {"prompt": "p", "chosen": "c", "rejected": "r"}
    message = told("grpo", tmp_path / "pairs", pair)
    assert "these are preferences, for algo=dpo or reward; algo=grpo needs prompt, tests" in message
    sample = {"prompt": "p", "completion": "c", "reference": "r", "verdict": "passed"}
    message = told("dpo", tmp_path / "base", sample)
    assert "these are samples of collect=base; algo=dpo needs prompt, chosen, rejected" in message


def test_validation_rows_of_what_samples_are_never_read(prompts):
    found = problems_of(
        "model=qwen", "data=jsonl", f"data.train={prompts}", f"data.validation={prompts}"
    )
    assert "data.eval_tasks=" in found[f"data.validation={prompts}"]


def test_messages_need_the_chat_template_of_a_folder(tmp_path):
    model, rows = tmp_path / "model", tmp_path / "rows.jsonl"
    model.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (model / name).write_text('{"model_type": "qwen2"}')
    chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    rows.write_text(json.dumps({"messages": chat}) + "\n")
    command = ["model=qwen", "algo=sft", f"model.path={model}", "data=jsonl", f"data.train={rows}"]
    assert "has no chat template" in problems_of(*command)[f"model.path={model}"]
    (model / "chat_template.jinja").write_text("{{ messages }}")
    assert load([*command, "hooks.evaluate.tasks=[]"])


def test_a_bad_row_and_a_bad_setting_are_told_together(tmp_path):
    path = tmp_path / "pairs.jsonl"
    good = {"prompt": "p", "chosen": "c", "rejected": "r"}
    path.write_text(json.dumps(good) + "\n" + json.dumps({**good, "rejected": 1}) + "\n")
    found = problems_of(
        "model=qwen", "algo=dpo", "data=jsonl", f"data.train={path}", "algo.args.bta=0.1"
    )
    assert "field rejected: expected str" in found[f"{path}:2"]
    assert "did you mean `beta`?" in found["algo.args.bta=0.1"]


def test_a_data_set_without_pairs(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    found = problems_of("model=qwen", "algo=kto", "data=mbpp")
    assert "has no labels for algo=kto; it serves algo=grpo, sft, pretrain" in found["data=mbpp"]


@pytest.fixture
def t5(tmp_path):
    T5Config().save_pretrained(tmp_path / "t5")
    (tmp_path / "t5" / "tokenizer.json").write_text("{}")
    return tmp_path / "t5"


@pytest.mark.parametrize("algo", ["grpo", "dpo", "kto", "pretrain", "reward"])
def test_an_encoder_decoder_is_for_supervised_training(t5, algo):
    found = problems_of("model=qwen", f"model.path={t5}", f"algo={algo}", "data=nano")
    assert f"algo={algo} needs a decoder-only one" in found[f"model.path={t5}"]


def test_an_encoder_decoder_of_the_hub_is_known_by_its_name():
    found = problems_of("model=codet5p", "algo=grpo", "data=nano")
    assert "algo=grpo needs a decoder-only one" in found["model.path=Salesforce/codet5p-770m"]


def test_a_name_that_only_begins_like_one_is_let_through():
    assert load(["model=qwen", "model.path=bartowski/Coder", "algo=grpo", "data=nano"])


def test_an_encoder_decoder_is_trained_whole(t5):
    found = problems_of("model=qwen", f"model.path={t5}", "algo=sft", "data=nano")
    assert "model.adapter=full" in found[f"model.path={t5}"]
    assert load(["model=codet5p", f"model.path={t5}", "algo=sft", "data=nano"])


def test_offline_settings_that_contradict(tmp_path):
    found = problems_of("model=qwen", "algo=reward", "algo.head=mlp", "data=nano")
    assert "model.adapter=full" in found["algo.head=mlp"]
    found = problems_of(
        "algo=kto", "algo.args.desirable_weight=2.0", "algo.args.per_device_train_batch_size=1"
    )
    assert "algo.balance=false" in found["algo.args.desirable_weight=2.0"]
    assert "at least 2" in found["algo.args.per_device_train_batch_size=1"]
    found = problems_of("collect=dpo", f"collect.base={tmp_path}", "reward=[]")
    assert "no base data set" in found[f"collect.base={tmp_path}"]
    assert "choose one" in found["reward=[]"]


def test_the_stages_of_rlhf():
    plan = load(["pipeline=rlhf"])
    assert run_name(plan) == "nano-nano-rlhf"
    assert plan.changed == {}
    kinds = [
        stage.config.collect.name if stage.config.collect else stage.config.algo.name
        for stage in plan.stages
    ]
    assert kinds == ["pretrain", "sft", "sft", "base", "dpo", "reward", "ppo"]
    assert [stage.makes_policy for stage in plan.stages] == [
        True,
        True,
        True,
        False,
        False,
        False,
        True,
    ]
    assert [stage.continues for stage in plan.stages] == [False] + [True] * 6
    rl = plan.stages[-1].config
    assert references(rl) == {"reward.reward_model.path": "reward_model"}
    known = with_products(rl, {"reward_model": "/made/here"})
    assert known.reward["reward_model"].path == "/made/here"
    assert known.pipeline == rl.pipeline


def test_a_setting_of_the_command_line_reaches_the_last_stage():
    plan = load(["pipeline=rlhf", "algo=grpo", "algo.args.num_generations=4"])
    assert plan.stages[-1].config.algo.args["num_generations"] == 4
    assert "num_generations" not in plan.stages[1].config.algo.args


def test_files_of_a_real_rlhf_are_asked_for_by_their_path():
    found = problems_of("pipeline=rlhf", "model=qwen", "data=nano")
    for stage in ("language", "code", "tools"):
        assert f"pipeline.stages.{stage}.set.data.train" in found


def test_a_base_is_made_only_for_a_model_without_path(qwen_folder):
    made = load(["pipeline=execution_dpo"])
    assert made.stages[0].name == "base"
    given = load(["pipeline=execution_dpo", "model=qwen", f"model.path={qwen_folder}", "data=nano"])
    assert given.stages[0].name == "samples"
    assert not given.stages[0].continues
    assert given.stages[-1].config.hooks.evaluate.tasks == ["nano"]


def test_a_reference_to_no_stage_is_refused():
    found = problems_of(
        "pipeline=execution_dpo", "pipeline.stages.dpo.set.data.train=stage:feedbak"
    )
    (message,) = found.values()
    assert "earlier stages are: base, samples, feedback" in message


def test_collecting_is_for_the_last_stage_alone():
    base, last = load(["collect=base"]).stages
    assert base.config.collect is None
    assert last.config.collect.samples == 8
    assert run_name(load(["collect=base"])) == "nano-nano-collect_base"


def test_debug_shrinks_what_a_pipeline_asks_for_but_not_what_was_typed():
    typed = "pipeline.stages.tools.set.algo.args.max_steps=7"
    stages = {
        stage.name: stage.config for stage in load(["pipeline=rlhf", "debug=true", typed]).stages
    }
    assert stages["language"].algo.args["max_steps"] == 3
    assert stages["tools"].algo.args["max_steps"] == 7
    assert stages["samples"].data.limit == 16
    assert stages["rl"].algo.args["max_steps"] == 3


def test_debug_shrinks_a_stage_that_asks_for_more_than_the_user_did():
    base, rl = (stage.config for stage in load(["debug=true", "data.limit=5"]).stages)
    assert rl.data.limit == 5
    assert base.data.limit == 16
    own = "pipeline.stages.base.set.data.limit=9"
    assert load(["debug=true", "data.limit=5", own]).stages[0].config.data.limit == 9


def test_each_algorithm_has_losses_of_its_own():
    dpo = load(["algo=dpo", "algo.args.loss_type=ipo", "algo.args.loss_weights=null"])
    assert dpo.main.algo.args["loss_type"] == "ipo"
    assert load(["algo=kto", "algo.args.loss_type=apo_zero_unpaired"])
    found = problems_of("algo=dpo", "algo.args.loss_type=[sigmiod]")
    assert "did you mean `sigmoid`?" in found["algo.args.loss_type=['sigmiod']"]
    assert "one for each" in found["algo.args.loss_weights=[1.0, 1.0]"]
    found = problems_of("algo=reward", "algo.loss=bce", "algo.args.center_rewards_coefficient=0.1")
    assert "decides at 0" in found["algo.args.center_rewards_coefficient=0.1"]


def test_labels_of_one_kind(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"prompt": "p", "completion": "c", "label": True}) + "\n")
    found = problems_of("model=qwen", "algo=kto", "data=jsonl", f"data.train={path}")
    assert "all 1 labels are true" in found["data: label"]


def test_a_base_data_set_that_cannot_be_read(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"prompt": 1,\n')
    (message,) = problems_of("collect=dpo", f"collect.base={tmp_path}").values()
    assert "collect it again" in message
    found = problems_of("collect=dpo", f"collect.base={tmp_path / 'train.jsonl'}")
    assert "there is no base data set" in found[f"collect.base={tmp_path / 'train.jsonl'}"]


def test_conversations_are_no_prompts_to_collect_on(tmp_path):
    path = tmp_path / "chat.jsonl"
    path.write_text(json.dumps({"prompt": [{"role": "user", "content": "hi"}]}) + "\n")
    found = problems_of("model=qwen", "collect=base", "data=jsonl", f"data.train={path}")
    assert "give them as text" in found["data: prompt"]


def test_texts_that_are_not_there(tmp_path):
    found = problems_of("algo=pretrain", "data=text", f"data.train={tmp_path}/*.py")
    assert "no file matches" in found[f"data.train={tmp_path}/*.py"]


def test_a_reward_model_is_not_quantized():
    found = problems_of("model=qwen", "algo=reward", "data=nano", "backend=cuda_qlora")
    assert "as they are stored" in found["model.quantization=nf4"]


@pytest.mark.parametrize(
    "path", sorted((CONF_DIR / "pipeline").glob("*.yaml")), ids=lambda p: p.stem
)
def test_a_stage_that_trains_whole_weights_does_not_inherit_4_bits(path):
    for name, stage in yaml.safe_load(path.read_text())["stages"].items():
        model = stage["set"].get("model", {})
        whole = model.get("adapter") == "full" or stage["choose"].get("algo") == "reward"
        assert not whole or model.get("quantization", "inherited") is None, name


def test_a_wrong_stage_is_not_called_missing_by_the_later_ones():
    wrong = "pipeline.stages.samples.set.collect.samples=0"
    assert len(problems_of("pipeline=execution_dpo", wrong)) == 1
    wrong = "pipeline.stages.base.set.algo.args.max_length=0"
    assert len(problems_of("pipeline=execution_dpo", wrong)) == 1
