"""What users of other tools type is answered with the setting that does it here."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import read_command_line
from whetstone.finetuning.config.compose import compose_group
from whetstone.finetuning.config.explain import nearest
from whetstone.finetuning.config.groups import config_groups
from whetstone.finetuning.config.overrides import parse_override, part_flags, plain
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS
from whetstone.finetuning.config.synonyms import instead, words
from whetstone.finetuning.config.trl_args import argument_types, computed_for
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked


def problems_of(*overrides):
    with pytest.raises(ConfigError) as caught:
        load(overrides)
    return {problem.setting: problem.message for problem in caught.value.problems}


def answer(*overrides):
    [problem] = read_command_line(overrides, has_sweeps=True).problems
    return problem.message


def test_known_words_are_answered_at_the_top_and_below():
    found = problems_of(
        "learning_rate=0.1", "lr=0.1", "batch_size=4", "epochs=2", "lora_r=8", "model.lora_r=8",
        "max_prompt_length=9", "max_seq_length=9", "warmup_ratio=0.1", "algo.learning_rate=1",
        "algo.args.lr=0.1", "algo.args.max_prompt_length=9", "algo.args.warmup_ratio=0.1",
    )  # fmt: skip
    assert "write algo.args.learning_rate=0.1" in found["learning_rate=0.1"]
    assert "write algo.args.learning_rate=0.1" in found["lr=0.1"]
    assert "write algo.args.per_device_train_batch_size=4" in found["batch_size=4"]
    epochs = "write algo.args.num_train_epochs=2 algo.args.max_steps=-1"
    assert epochs in found["epochs=2"]
    assert "write model.lora.r=8" in found["lora_r=8"]
    assert "write model.lora.r=8" in found["model.lora_r=8"]
    assert "write algo.args.max_completion_length=9" in found["max_prompt_length=9"]
    assert "write algo.args.max_completion_length=9" in found["max_seq_length=9"]
    assert "write algo.args.warmup_steps=0.1" in found["warmup_ratio=0.1"]
    assert "write algo.args.learning_rate=1" in found["algo.learning_rate=1"]
    assert "write algo.args.learning_rate=0.1" in found["algo.args.lr=0.1"]
    assert "completion has a limit" in found["algo.args.max_prompt_length=9"]
    assert "share of all steps" in found["algo.args.warmup_ratio=0.1"]
    assert len(found) == 13


def test_names_of_transformers_for_a_run_are_known():
    found = problems_of("run_name=a", "resume_from_checkpoint=x", "num_rollouts=4")
    assert "write run.name=a" in found["run_name=a"]
    assert "write run.resume=x" in found["resume_from_checkpoint=x"]
    assert "num_generations=4" in found["num_rollouts=4"]


def test_a_number_out_of_range_is_told_in_our_words():
    found = problems_of("seed=-1", "hooks.evaluate.samples=0", "algo.args.num_generations=x")
    assert found["seed=-1"] == "expected 0 or a number above it"
    assert found["hooks.evaluate.samples=0"] == "expected a number above 0"
    assert "whole number" in found["algo.args.num_generations=x"]


def test_a_page_of_the_hub_is_answered_with_its_model():
    page = "model=https://huggingface.co/Qwen/Qwen3-0.6B"
    assert answer(page).endswith("write model=Qwen/Qwen3-0.6B")
    assert answer(f"{page}/tree/main").endswith("write model=Qwen/Qwen3-0.6B")


def test_a_credential_typed_as_a_flag_is_answered_with_its_variable():
    message = answer("--hf-token hf_secret")
    assert "HF_TOKEN" in message
    assert "hf_token=" not in message


def test_an_answer_depends_on_the_algorithm():
    assert "max_length=9 " in instead("max_seq_length", "sft", "9")
    assert "max_completion_length=9 " in instead("max_seq_length", "grpo", "9")
    assert "hooks.evaluate.temperature=1" in instead("temperature", "dpo", "1")
    assert instead("beta", "dpo", "1") == "write algo.args.beta=1"
    assert instead("num_generations", "sft", "4") is None
    assert instead("nonsense", "grpo", "1") is None


def test_a_word_that_is_off_asks_for_another_value():
    assert instead("fp16", "grpo", "true") == "write backend.dtype=float16"
    assert instead("fp16", "grpo", "false") == "write backend.dtype=float32"
    assert instead("bf16", "grpo", "False") == "write backend.dtype=float32"
    assert instead("wandb", "grpo", "off") == "write tracker=none"
    assert instead("report_to", "grpo", "null") == "write tracker=none"
    assert instead("use_lora", "grpo", "false") == "write model.adapter=full"
    assert instead("use_vllm", "grpo", "false") == "leave it out"
    assert instead("load_in_4bit", "grpo", "0") == "leave it out"
    assert instead("push_to_hub", "grpo", "false") == "write hooks.publish.push=false"
    assert "write backend.dtype=float32" in answer("--bf16 false")


def test_an_answer_has_the_value_that_is_right_here():
    assert instead("optimizer", "grpo", "adam") == "write algo.args.optim=adamw_torch"
    assert instead("dtype", "grpo", "fp32") == "write backend.dtype=float32"
    found = problems_of("algo.args.optim=adamw")
    assert found == {"algo.args.optim=adamw": "write algo.args.optim=adamw_torch"}
    for wrong, guessed in (("lion", False), ("adamw_torhc", True)):
        [message] = problems_of(f"algo.args.optim={wrong}").values()
        assert ("did you mean" in message) == guessed


def test_a_guess_is_made_in_any_case():
    assert "did you mean `grpo`?" in problems_of("algo=GRPO")["algo=GRPO"]
    assert "did you mean `qwen`?" in problems_of("model=Qwen")["model=Qwen"]
    assert nearest("nano", ["Nano", "x"]) == "Nano"


@pytest.mark.parametrize(
    ("word", "algo", "told"),
    [
        ("kl_coef", "sft", "algo=sft has no algo.args.beta; it is a setting of algo=grpo, "),
        ("cliprange", "rfai", "algo=rfai has no algo.args.epsilon"),
        ("vf_coef", "grpo", "has no algo.value.coefficient; it is a setting of algo=ppo"),
        ("gamma", "dpo", "has no algo.gae.gamma; it is a setting of algo=ppo"),
    ],
)
def test_what_an_algorithm_lacks_is_no_answer(word, algo, told):
    assert told in instead(word, algo, "1")
    assert told in problems_of(f"{word}=1", f"algo={algo}", "model=qwen", "data=nano")[f"{word}=1"]


@pytest.mark.parametrize("algo", ALGORITHM_CONFIGS)
def test_every_answer_names_settings_that_there_are(algo):
    groups = config_groups()
    has = compose_group("algo", algo)
    computed = computed_for(algo)
    answers = [instead(word, algo, value) for word in words() for value in ("VALUE", "false")]
    for told in answers:
        assert told == "leave it out" or told.startswith(("write ", f"algo={algo} has no "))
        if not told.startswith("write "):
            continue
        for written in told.removeprefix("write ").partition(" (")[0].split():
            path, _, value = written.partition("=")
            top, *below = path.split(".")
            assert top in Config.model_fields, written
            if not below:
                assert value in {"VALUE", "false"} or value in groups[top], written
            elif top == "algo" and below[0] == "args":
                assert below[1] in argument_types(algo).keys() - computed.keys(), written
            elif top == "algo":
                assert below[1] in has[below[0]], written


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("--seed 3", "write seed=3"),
        ("--seed=3", "write seed=3"),
        ("--debug", "write debug=true"),
        ("--lr 1e-5", "write algo.args.learning_rate=1e-5"),
        ("--learning-rate 1e-5", "write algo.args.learning_rate=1e-5"),
        ("--model Qwen/Qwen3-0.6B", "write model=Qwen/Qwen3-0.6B"),
        ("ppo", "write algo=ppo"),
        ("debug", "write debug=true"),
        ("nano", "write data=nano or model=nano"),
        ("1", "such as seed=1"),
        ("seed=0,1", "for a run with each add -m to the command; a list is"),
        ("seed=range(0,3)", "add -m"),
        ("reward=execution,teacher", "'reward=[execution,teacher]'"),
        ("algo=grpo,ppo", "expected one; for a run with each add -m"),
        ("data.train=my,rows.jsonl", """'data.train="my,rows.jsonl"'"""),
    ],
)
def test_the_command_line_answers_in_our_words(typed, told):
    assert told in answer(typed)


def test_flags_are_answered_with_everything_else_and_stand_anywhere():
    with pytest.raises(ConfigError) as caught:
        checked(["ppo", "--seed", "3", "sede=1", "--debug"])
    assert [problem.setting for problem in caught.value.problems] == [
        "ppo", "--seed 3", "--debug", "sede=1",
    ]  # fmt: skip
    flags, settings = part_flags(["seed=0,1", "-m", "--cfg", "job", "--info", "algo=ppo", "-1"])
    assert flags == ["-m", "--cfg", "job", "--info"]
    assert settings == ["seed=0,1", "algo=ppo", "-1"]


@pytest.mark.parametrize("value", ["b=c", "(x)", "it's", "#x", "~other/x", "end\\", "o'b\\'c"])
def test_a_value_that_hydra_cannot_read_is_text(value):
    override, text = parse_override(f"a={value}", lambda _: True)
    assert override.value() == value
    assert parse_override(text, lambda _: True)[0].value() == value


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("data.train=~/x", "HOME/x"),
        ("data.train=~", "HOME"),
        ("data.eval_tasks=[a,~/x,~/y]", ["a", "HOME/x", "HOME/y"]),
        ("hooks.evaluate.tasks=[mbpp,~/x]", ["mbpp", "HOME/x"]),
        ("pipeline.stages.rl.set.data.train=~/x", "HOME/x"),
        ("algo.args.deepspeed=~/ds.json", "HOME/ds.json"),
        ("run.outputs='a,~/b'", "a,~/b"),
        ("run.outputs=/a=~/b", "/a=~/b"),
        ("data.train=~other/x", "~other/x"),
        ("data.stop=~/x", "~/x"),
        ("data.stop=['a,~/b']", ["a,~/b"]),
        ("reward.teacher.rubric=~", "~"),
    ],
)
def test_home_is_meant_where_a_path_is(typed, value, monkeypatch):
    monkeypatch.setenv("HOME", "/somebody")
    name = typed.partition("=")[0]
    [text] = read_command_line([typed]).values.values()
    override = OverridesParser.create().parse_override(text)
    assert override.key_or_group == name
    read = plain(override.value())
    there = (
        [entry.replace("HOME", "/somebody") for entry in value] if isinstance(value, list) else None
    )
    assert read == (there or value.replace("HOME", "/somebody"))


def test_one_value_where_a_list_is_wanted_is_a_list_of_one(tmp_path):
    rows = tmp_path / "held.jsonl"
    rows.write_text('{"prompt": "p", "tests": "assert f() == 1"}\n')
    config = load([f"data.eval_tasks={rows}", "hooks.evaluate.k=1", "tracker=none"]).main
    assert config.data.eval_tasks == config.hooks.evaluate.tasks == [str(rows)]
    assert config.hooks.evaluate.k == [1]
    found = problems_of("hooks.evaluate.k=0", "hooks.evaluate.tasks={a: b}")
    assert "a number above 0" in found["hooks.evaluate.k=0"]
    assert "list" in found["hooks.evaluate.tasks={a: b}"]


def test_a_key_of_a_table_is_named_as_it_was_typed():
    found = problems_of("reward.execution.verdict_rewards.pass=2")
    assert list(found) == ["reward.execution.verdict_rewards.pass=2"]
    [message] = found.values()
    assert message.startswith("no such setting; did you mean `passed`? expected one of: passed,")


def test_a_problem_of_a_sweep_names_its_point():
    of_one_stage = ["-m", "model=qwen", "data=nano"]
    with pytest.raises(ConfigError) as caught:
        checked([*of_one_stage, "seed=0,a", "sede=1"])
    assert [problem.setting for problem in caught.value.problems] == ["sede=1", "seed=a"]
    with pytest.raises(ConfigError) as caught:
        checked([*of_one_stage, "algo=grpo,sft", "algo.args.num_generations=5"])
    assert [problem.setting for problem in caught.value.problems] == [
        "[algo=grpo] algo.args.per_device_train_batch_size=8",
        "[algo=sft] algo.args.num_generations=5",
    ]
