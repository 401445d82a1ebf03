"""Mistakes at the borders of the gate: files, names, and what Hydra itself would have said."""

import sys

import pytest
import yaml

from whetstone.finetuning.artifacts.run_dir import describe, open_run
from whetstone.finetuning.cli import train
from whetstone.finetuning.config import load
from whetstone.finetuning.config.help import help_text
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked


def problems_of(overrides, user_dirs=()):
    with pytest.raises(ConfigError) as caught:
        load(overrides, user_dirs)
    return {problem.setting: problem.message for problem in caught.value.problems}


@pytest.fixture
def experiment(tmp_path):
    def write(text):
        (tmp_path / "experiment").mkdir(exist_ok=True)
        (tmp_path / "experiment" / "mine.yaml").write_text(text)
        return ["experiment=mine"], [tmp_path]

    return write


def test_broken_yaml_is_named_with_its_line(experiment):
    [message] = problems_of(*experiment("# @package _global_\nseed: [1\n")).values()
    assert "mine.yaml" in message
    assert "line 2" in message


def test_an_experiment_needs_its_package_line(experiment):
    assert "# @package _global_" in problems_of(*experiment("seed: 1\n"))["experiment"]


def test_a_group_cannot_be_left_out():
    assert "algo=NAME" in problems_of(["~algo"])["~algo"]


@pytest.mark.parametrize("given", [["--help", "foo=3"], ["algo=grop", "-h"]])
def test_help_is_the_same_whatever_stands_beside_it(given, capsys):
    train(given)
    assert capsys.readouterr().out == f"{help_text()}\n"


def test_a_configuration_is_shown_as_it_would_run(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    train(["--cfg", "job", "algo.args.top_k=50", "debug=true"])
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["algo"]["args"]["top_k"] == 50
    assert shown["algo"]["args"]["max_steps"] == 3


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        (["--cfg", "job", "sede=1"], "sede=1"),
        (["--cfg", "job", "algo=gpro"], "algo=gpro"),
        (["--cfg", "job", "-m", "seed=0,1"], "--cfg job"),
    ],
)
def test_what_cannot_run_is_not_shown(arguments, setting):
    with pytest.raises(ConfigError) as caught:
        checked(arguments)
    assert [problem.setting for problem in caught.value.problems] == [setting]


def test_a_configuration_is_shown_without_the_keys_that_running_needs(monkeypatch, tmp_path):
    for name in ("OPENAI_API_KEY", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    command = ["reward=teacher", "reward.teacher.model=m", "tracker=wandb"]
    assert "reward=teacher" in checked(["--cfg", "job", *command])
    with pytest.raises(ConfigError) as caught:
        checked(command)
    assert len(caught.value.problems) == 2


def test_a_config_dir_that_is_not_there(tmp_path):
    folder = tmp_path / "nowhere"
    assert problems_of([], [folder]) == {f"--config-dir={folder}": "there is no such folder"}


def test_a_misspelt_stage_gets_the_nearest_name():
    found = problems_of(["pipeline.stages.bse.set.model.adapter=full"])
    assert list(found) == ["pipeline.stages.bse"]
    assert "did you mean `base`?" in found["pipeline.stages.bse"]


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x"])
def test_a_run_name_is_one_folder(name):
    assert list(problems_of([f"run.name='{name}'"])) == [f"run.name={name}"]


def test_a_reward_counts_once():
    assert "reward=[execution,execution]" in problems_of(["reward=[execution,execution]"])


def test_no_steps_are_no_training():
    assert "algo.args.max_steps=0" in problems_of(["algo.args.max_steps=0"])
    assert load(["algo.args.max_steps=-1"]).stages


def test_a_k_that_no_sample_count_reaches():
    found = problems_of(["hooks.evaluate.k=[64]", "hooks.evaluate.samples=16"])
    assert "hooks.evaluate.samples=16" in found["hooks.evaluate.k=[64]"]


def test_no_pass_at_k_goes_missing():
    found = problems_of(
        ["model=qwen", "data=nano", "hooks.evaluate.k=[1,64]", "hooks.evaluate.samples=16"]
    )
    assert "add hooks.evaluate.k=[1]," in found["hooks.evaluate.k=[1, 64]"]
    shrunk = load(["model=qwen", "data=nano", "debug=true"]).main.hooks.evaluate
    assert (shrunk.samples, shrunk.k) == (2, [1])


def test_the_hint_about_exponents_is_given_for_exponents_only():
    assert (
        "1.0e-5" in problems_of(["algo.args.learning_rate='1e-5'"])["algo.args.learning_rate=1e-5"]
    )
    assert "1.0e-5" not in problems_of(["algo.args.beta=low"])["algo.args.beta=low"]


def test_a_setting_that_is_wrong_already_is_not_judged_by_its_preset(monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    found = problems_of(["tracker=wandb", "tracker.wandb.mode=onlin"])
    assert list(found) == ["tracker.wandb.mode=onlin"]


def test_every_point_of_a_sweep_is_judged():
    with pytest.raises(ConfigError) as caught:
        checked(["-m", "algo.args.beta=low,0.1,high"])
    settings = [problem.setting for problem in caught.value.problems]
    assert settings == ["algo.args.beta=low", "algo.args.beta=high"]


def test_the_rows_of_training_and_evaluation_are_both_read(tmp_path):
    train, measured, held_out = (tmp_path / f"{name}.jsonl" for name in ("train", "eval", "held"))
    train.write_text('{"prompt": "p", "tests": ""}\n')
    measured.write_bytes(b'{"prompt": "caf\xe9", "tests": "assert f()"}\n')
    command = ["model=qwen", "data=jsonl", f"data.train={train}", f"data.eval_tasks=[{measured}]"]
    assert list(problems_of(command)) == [f"{train}:1", f"{measured}:1"]
    train.write_text('{"prompt": "p", "completion": "c"}\n')
    held_out.write_text('{"prompt": "p"}\n')
    supervised = [*command, "algo=sft", f"data.validation={held_out}"]
    assert list(problems_of(supervised)) == [f"data.validation={held_out}", f"{measured}:1"]


def test_a_document_that_is_no_text_is_named(tmp_path):
    from whetstone.finetuning.config.schema import TextData
    from whetstone.finetuning.data.files import text_rows

    (tmp_path / "a.py").write_bytes(b"caf\xe9")
    config = TextData(
        name="text", train=str(tmp_path), held_out=0, eval_tasks=[], watch_task=None, limit=None
    )
    with pytest.raises(ConfigError, match=r"a\.py is not UTF-8"):
        text_rows(config)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ((), "no config.json"),
        (("config.json",), "no tokenizer"),
        (("adapter_config.json",), "this is an adapter"),
        (("merged/config.json",), "its model is"),
    ],
)
def test_a_folder_without_a_whole_model(tmp_path, files, reason):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    found = problems_of(["model=qwen", f"model.path={tmp_path}", "reward=custom", "sede=1"])
    assert reason in found[f"model.path={tmp_path}"]


def test_a_function_is_named_with_its_module():
    found = problems_of(["reward=custom", "reward.custom.fn=foo", "sede=1"])
    assert "package.module:function" in found["reward.custom.fn=foo"]


def test_outputs_below_a_file_are_refused_before_torch(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"is not a folder; choose another run\.outputs"):
        checked([f"run.outputs={tmp_path / 'file' / 'deeper'}"])


def test_a_name_in_use_is_refused_before_torch(tmp_path):
    arguments = [f"run.outputs={tmp_path}", "run.name=mine"]
    assert checked(arguments)
    assert not (tmp_path / "mine").exists()
    plan = load(arguments)
    with open_run(plan) as folder:
        describe(folder, plan.main, "cpu")
        with pytest.raises(ConfigError, match="another process"):
            checked(arguments)
        (folder / "report.json").write_text('{"status": "done"}')
        (folder / "report.html").write_text("")
    with pytest.raises(ConfigError, match="finished run"):
        checked(arguments)
    assert checked([*arguments, "--cfg", "job"])


@pytest.mark.parametrize(("typed", "remedy"), [("model=", "choose one: codellama"), ("=3", "name")])
def test_half_a_choice(typed, remedy):
    assert remedy in problems_of([typed])[typed]


def test_a_wrong_data_folder_is_told_once(monkeypatch, tmp_path):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path / "nowhere"))
    messages = list(problems_of(["model=qwen", "data=mbpp", "hooks.watch.every_steps=5"]).values())
    assert messages
    assert len(messages) == len(set(messages))


@pytest.mark.parametrize(
    ("typed", "setting", "words"),
    [
        (["algo=[grpo,dpo]"], "algo=[grpo,dpo]", "expected one"),
        (["algo.args.lr=3"], "algo.args.lr=3", "write algo.args.learning_rate=3"),
        (["algo=ppo", "algo.lam=0.9"], "algo.lam=0.9", "did you mean `algo.gae.lam`?"),
        (
            ["algo=ppo", "algo.dynamic_sampling.mode=skip"],
            "algo.dynamic_sampling={mode: skip}",
            "algo=grpo, rfai, rloo have it",
        ),
        (["data.train=foo"], "data.train=foo", "data=jsonl, text have it"),
        (["model=qwen", "data=jsonl", "data.train=null"], "data.train=null", "needs a value"),
        (["algo.args.epsilon=-1"], "algo.args.epsilon=-1", "at least 0"),
        (["reward.execution.weight=0"], "reward.execution.weight=0", "worth 0"),
        (["reward.execution.weight=nan"], "reward.execution.weight=nan", "finite"),
        (["collect=base", "algo=grpo"], "algo=grpo", "collect=base trains nothing"),
        (
            ["pipeline=execution_dpo", "algo.args.beta=0.1"],
            "algo.args.beta=0.1",
            "algorithms of their own: dpo (dpo), sft (sft)",
        ),
        (["algo=sft", "reward=execution"], "reward=execution", "algo=grpo (or rloo, rfai, ppo)"),
        (
            ["algo=dpo", "reward.execution.timeout_s=1"],
            "reward.execution.timeout_s=1",
            "algo=dpo learns from the answers in its data",
        ),
        (["collect=base", "reward=random"], "reward=random", "collect=dpo, kto or sft"),
        (
            ["pipeline=execution_dpo", "reward=random"],
            "reward=random",
            "rewards of their own: feedback (execution), demonstrations (execution)",
        ),
        (
            ["algo.args.deepspeed=nowhere.json"],
            "algo.args.deepspeed=nowhere.json",
            "there is no such file",
        ),
        (
            ["algo.args.fsdp_config=nowhere.json"],
            "algo.args.fsdp_config=nowhere.json",
            "there is no such file",
        ),
    ],
)
def test_what_was_typed_does_something_or_is_refused(typed, setting, words):
    assert words in problems_of(typed)[setting]


def test_a_weight_of_nothing_beside_another_only_measures():
    assert load(["reward=[execution,random]", "reward.random.weight=0"])


def test_what_needs_no_torch_is_told_together():
    found = problems_of(
        [
            "reward=[reward_model,custom]",
            "reward.reward_model.path=/nowhere",
            "reward.custom.fn=outland:f",
            "algo.args.lr_scheduler_type=linearr",
            "algo.args.optim=foo",
            "algo.args.max_grad_norm=-1",
        ]
    )
    assert "there is no reward model" in found["reward.reward_model.path=/nowhere"]
    assert "there is no module 'outland'" in found["reward.custom.fn=outland:f"]
    assert "did you mean `linear`?" in found["algo.args.lr_scheduler_type=linearr"]
    assert set(found) >= {"algo.args.optim=foo", "algo.args.max_grad_norm=-1"}
    assert len(found) == 5


def test_rows_are_not_counted_as_settings(tmp_path):
    measured = tmp_path / "eval.jsonl"
    measured.write_text('[]\n{"prompt": 1, "tests": "y = 1", "foo": 2}\n')
    command = ["model=qwen", f"hooks.evaluate.tasks=[{measured}]", "data=nano", "sede=1"]
    with pytest.raises(ConfigError) as caught:
        load(command)
    message = str(caught.value)
    assert message.startswith("One setting is wrong and the rows have 4 faults; nothing was")
    assert "eval.jsonl:1: expected an object, found list" in message
    assert "field prompt: expected str, found int" in message
    assert "field tests: they call and assert nothing" in message
    assert "field foo: no such field; there are: prompt, prefix, entry_points, checker," in message


def test_a_stage_that_only_collects_does_not_train(qwen_folder):
    command = ["collect=base", "model=qwen", f"model.path={qwen_folder}", "data=nano"]
    assert [stage.title for stage in load(command).stages] == ["collect"]
    assert [stage.title for stage in load(command[1:]).stages] == ["train"]
