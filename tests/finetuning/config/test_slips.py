"""Slips of the pen are answered in our words, all at once, and each setting once."""

import pytest

from whetstone.finetuning.cli import main
from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import read_command_line
from whetstone.finetuning.config.commands import load_evaluation, load_merge
from whetstone.finetuning.config.describe import describe_plan
from whetstone.finetuning.config.overrides import part_flags
from whetstone.finetuning.config.validation import load_validation
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked

TOKEN = "ghp_" + "a1" * 18


def told(call, *given):
    with pytest.raises(ConfigError) as caught:
        call(given)
    return {problem.setting: problem.message for problem in caught.value.problems}


def merge(_):
    return load_merge(["adapter=a", f"out={TOKEN}"])


def train(given):
    return checked(list(given))


@pytest.mark.parametrize("group", ["hooks", "algo", "model", "reward", "tracker", "data"])
def test_null_is_no_choice(group):
    assert "leave" in told(train, f"{group}=null", "--cfg", "job")[f"{group}=null"]


@pytest.mark.parametrize("section", ["run", "pipeline.stages", "pipeline.stages.base"])
def test_a_section_is_not_null(section):
    assert "needs a value" in told(load, f"{section}=null")[f"{section}=null"]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("algo.args.learning_rate=0,001", "algo.args.learning_rate=0.001"),
        ("learning_rate=0,001", "algo.args.learning_rate=0.001"),
        ("lr=1,5e-3", "algo.args.learning_rate=1.5e-3"),
        ("hooks.evaluate.temperature=0,8", "hooks.evaluate.temperature=0.8"),
        ("algo.args.max_steps=1,000", "algo.args.max_steps=1000"),
    ],
)
def test_a_number_with_a_comma(typed, written):
    [message] = told(load, typed).values()
    assert f"write {written}" in message


def test_what_parts_values_is_still_a_sweep():
    assert "add -m" in told(train, "seed=1,5")["seed=1,5"]
    sure = "algo.args.learning_rate=0,001"
    assert "has a point" in told(train, "-m", sure)[sure]
    assert "write temperature=0.8" in told(load_evaluation, "temperature=0,8")["temperature=0,8"]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("seed=", "a whole number"),
        ("algo.args.learning_rate=", "a number"),
        ("run.outputs=", "a path"),
        ("data.eval_tasks=", "a list"),
        ("backend.device=", "auto or cpu"),
        ("model=", "choose one"),
    ],
)
def test_an_empty_value_is_called_empty(typed, wanted):
    [message] = told(load, typed).values()
    assert message.startswith("the value is empty; ")
    assert wanted in message


def test_an_empty_value_of_the_other_commands(capsys):
    found = told(load_evaluation, "model=", "tasks=", "seed=")
    assert all(message.startswith("the value is empty") for message in found.values())
    assert len(found) == 3
    assert told(load_validation, "base=", "tuned=", "prompts=").keys() == {
        "base=", "tuned=", "prompts=",
    }  # fmt: skip
    for command in (["export", "gguf", ""], ["report", ""], ["compare", ""]):
        with pytest.raises(SystemExit) as caught:
            main(command)
        assert caught.value.code == 2
        assert "the value is empty" in capsys.readouterr().err


def test_a_file_of_rows_is_no_name():
    convert = 'Dataset.from_csv("p.csv").to_json("p.jsonl")'
    for setting in ("data=p.csv", "model=p.csv"):
        message = told(load, setting)[setting]
        assert convert in message
        assert "data=jsonl data.train=p.jsonl" in message
    assert "data.train=p.jsonl" in told(load, "data=p.jsonl")["data=p.jsonl"]
    assert convert in told(load_evaluation, "model=qwen", "tasks=p.csv")["tasks=p.csv"]
    assert convert in told(load_validation, "prompts=p.csv")["prompts=p.csv"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("generate model=qwen3 prompt=", ["model=qwen3: no such preset", "prompt=: the value is"]),
        ("generate hello", ["hello: a setting", "prompt=hello", "model: must be given"]),
        ("generate model=qwen prompts=p.csv", ["prompts=p.csv: no such setting", "from_csv"]),
        ("evaluate my model", ["my model: a setting is written NAME=VALUE", "'model=my model'"]),
        ("evaluate --model qwen", ["--model qwen: settings have no dashes; write model=qwen"]),
        ("evaluate model=[", ["model=[: cannot be read: its value begins a list"]),
        ("merge empty", ["write adapter=empty"]),
        ("merge model=x", ["no such setting; write adapter=x"]),
        ("export mlx --model qwen", ["--model qwen: no such flag; write whetstone export"]),
        ("export gguf", ["model: must be given; write whetstone export"]),
        ("export", ["form, model: must be given"]),
        ("export ggfu x", ["ggfu: is not a choice here; did you mean `gguf`?"]),
        ("export mlx x --bits 5", ["--bits 5: is not a choice here; there are: 4, 8"]),
        ("export mlx model=qwn", ["model=qwn: no such preset"]),
        ("export mlx model=", ["model=: the value is empty"]),
        ("publish foo", ["foo: is not a choice here; there are: dataset, model"]),
        ("nano --count x", ["--count x: expected a whole number"]),
        ("nano --count", ["--count: needs a value"]),
        ("report my run", ["run: more than this command takes", "'my run'"]),
        ("report /nowhere/at/all", ["there is no such folder"]),
    ],
)
def test_a_command_tells_every_mistake(command, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(command.split())
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words), said


def test_a_sweep_of_nothing_is_refused():
    assert "such as seed=0,1" in told(train, "-m")["-m"]


def test_a_refused_sweep_tells_its_other_mistakes():
    assert told(train, "-m", "seed=0,x", "--cfg", "job").keys() == {"--cfg job", "seed=x"}


@pytest.mark.parametrize("dash", ["\u2013", "\u2014", "\u2212", "\u2212\u2212"])
def test_a_pasted_dash_is_a_dash(dash):
    assert "write seed=3" in told(load, f"{dash}seed=3")[f"{dash}seed=3"]
    assert part_flags([f"{dash}seed", "3"])[1] == [f"{dash}seed 3"]


def test_no_parser_speaks():
    found = told(load, "run.name=[", "seed=x", "model.lora=3")
    assert """'run.name="["'""" in found["run.name=["]
    assert found["seed=x"] == "expected a whole number"
    assert "a section" in found["model.lora=3"]


def test_an_address_is_no_folder_and_is_told_once():
    found = told(load, "run.outputs=https://user:pw@host/x")
    assert found.keys() == {"run.outputs"}
    assert "HF_TOKEN" not in found["run.outputs"]
    assert told(load, "run.outputs=https://host/x").keys() == {"run.outputs=https://host/x"}


@pytest.mark.parametrize("call", [load, merge])
def test_a_value_that_looks_like_a_credential(call):
    with pytest.raises(ConfigError) as caught:
        call([f"run.name={TOKEN}"])
    assert TOKEN not in str(caught.value)
    assert "looks like a token of GitHub" in str(caught.value)


def test_rows_that_this_machine_lacks_come_last_and_once(monkeypatch, tmp_path):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path / "nowhere"))
    found = told(load_evaluation, "model=qwenn", "tasks=[mbpp,humaneval,mbpp_chat]")
    assert list(found) == ["model=qwenn", "tasks=mbpp"]


def test_a_plan_that_measures_nothing_says_so():
    plan = describe_plan(load(["algo=sft", "data.eval_tasks=[]", "data.held_out=0",
                               "hooks.watch.every_steps=0"]))  # fmt: skip
    assert "on nothing; set data.eval_tasks" in plan
    plan = describe_plan(load(["algo=sft", "data.eval_tasks=[]", "hooks.watch.every_steps=0"]))
    assert "on held-out rows only" in plan


def test_a_comma_is_answered_without_another_command(capsys):
    answer = told(train, "algo=ppo", "model=qwen", "data=nano", "seed=0,1")["seed=0,1"]
    assert answer.startswith("for a run with each add -m to the command; a list is")
    assert "train.py" not in answer
    assert "-m algo=grpo,ppo" in told(train, "algo=[grpo,ppo]")["algo=[grpo,ppo]"]
    for command in ("collect seed=0,1 algo=[grpo,ppo]", "audit reward=random,execution"):
        with pytest.raises(SystemExit):
            main(command.split())
        assert "-m" not in capsys.readouterr().err.replace("algo=[grpo,ppo]", "")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("reward=execution,techer", {"reward=techer": "did you mean `teacher`?"}),
        ("reward=a,b", {"reward=a": "no such reward", "reward=b": "no such reward"}),
        ("model=qwen,qwne", {"model=qwne": "no such preset"}),
        ("algo=grpo,pppo", {"algo=pppo": "did you mean `ppo`?"}),
    ],
)
def test_options_are_looked_at_before_the_comma(typed, wrong):
    found = told(train, typed)
    assert list(found) == [*wrong, typed]
    assert all(words in found[setting] for setting, words in wrong.items())
    many = typed.startswith("reward")
    first = "all of them in one run are 'reward=[A,B]'" if many else "expected one"
    assert found[typed] == f"{first}; for a run with each add -m to the command"
    assert told(train, "-m", typed).keys() == wrong.keys()


@pytest.mark.parametrize("typed", ["reward=execution]", "algo=grpo]", "reward=execution,"])
def test_a_bracket_too_many_is_no_name(typed):
    group, _, option = typed.partition("=")
    message = told(load, typed)[typed]
    assert message.startswith(f"no such {group}; did you mean `{option[:-1]}`?")


def test_what_stands_in_a_list_may_be_swept():
    command = read_command_line(["reward=[execution],[random,execution]"], sweep=True)
    assert not command.problems
    wrong = read_command_line(["reward=[execution],[randm,execution]"], sweep=True).problems
    assert [problem.setting for problem in wrong] == ["reward=randm"]


def test_a_model_by_its_path_needs_one(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nseed: 1\n")
    assert "write model=FOLDER" in told(load, "model=local")["model=local"]
    assert list(told(load, "model=local", "sede=1")) == ["model=local", "sede=1"]
    assert list(told(train, "-m", "model=qwen,local")) == ["model=local"]
    for path in ("model.path=a/b", "experiment=mine"):
        assert not read_command_line(["model=local", path], [tmp_path]).problems


def test_a_value_stands_once_in_a_sweep():
    found = told(train, "-m", "seed=0,1,0", "algo=grpo,grpo")
    assert found == dict.fromkeys(
        ("algo=grpo", "seed=0"), "appears twice in the sweep; keep one of them"
    )
    [message] = told(train, "-m", "seed=0,1", "run.name=mine").values()
    assert "leave run.name out" in message


def test_points_of_one_name_are_not_told_of_a_name_that_nobody_gave():
    [message] = told(train, "-m", "reward=execution,[execution]").values()
    assert message.endswith("share this folder; keep one of them")


@pytest.mark.parametrize("way", [[], ["-m"]])
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("hydra/launcher=joblib", "pip install hydra-joblib-launcher"),
        ("hydra/launcher=basik", "did you mean `basic`?"),
        ("hydra/nothing=x", "no such choice"),
        ("hydra.job.num=x", "no such setting, or not this value"),
    ],
)
def test_what_hydra_would_end_in_a_traceback(way, typed, words):
    found = told(train, *way, typed, "sede=1")
    assert words in found[typed]


def test_hydra_may_be_set():
    assert "hydra.sweep.dir=x" in checked(["hydra.sweep.dir=x", "hydra/launcher=basic"])


@pytest.mark.parametrize("flag", ["--config-name", "--config-path", "--experimental-rerun"])
def test_a_flag_that_leads_past_the_configuration(flag):
    found = told(train, flag, "foo", "sede=1")
    assert list(found) == [f"{flag} foo", "sede=1"]
    assert ("--config-dir" in found[f"{flag} foo"]) == flag.startswith("--config")


def test_a_setting_of_a_reward_that_is_not_chosen_says_so():
    with pytest.raises(ConfigError, match="reward=custom is not chosen; add it"):
        load(["reward.custom.fn=mine:short"])
