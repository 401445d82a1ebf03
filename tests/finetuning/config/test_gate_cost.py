"""What a command costs before anything starts: compositions by Hydra, and files that are parsed."""

import sys
from collections import Counter
from contextlib import suppress
from types import SimpleNamespace

import pytest
import yaml
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import OmegaConf

from whetstone.finetuning.cli import train
from whetstone.finetuning.config import conf_files, load
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.interpolation import resolved
from whetstone.finetuning.config.show import shown_configuration
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked

NINE = ["-m", "seed=0,1,2", "algo=grpo,rloo,ppo"]


@pytest.fixture
def compositions(monkeypatch, tmp_path):
    """Count what Hydra composes, by whatever way it is asked to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["train.py"])
    counted: list[list[str]] = []
    of_hydra = ConfigLoaderImpl.load_configuration

    def counting(self, config_name, overrides, *args, **kwargs):
        counted.append(list(overrides))
        return of_hydra(self, config_name, overrides, *args, **kwargs)

    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", counting)
    return counted


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["--cfg", "job"],
        ["--cfg", "job", "pipeline=rlhf", "debug=true"],
        ["--cfg", "hydra"],
        ["--cfg", "all", "hydra.sweep.dir=x"],
        ["hydra.job.num=x", "hydra.job.num=y", "hydra.nothing=1"],
        ["algo=grop", "seed=x"],
        ["pipeline=rlhf", "algo.args.learning_rate=fast"],
        [*NINE, "algo.args.learning_rate=fast"],
    ],
    ids=" ".join,
)
def test_an_answer_takes_two_compositions_at_most(command, compositions, capsys):
    with suppress(SystemExit):
        train(command)
    assert len(compositions) <= 2
    told = capsys.readouterr()
    assert told.out or told.err


def test_nine_points_are_checked_without_hydra(compositions):
    assert checked(NINE)
    assert len(compositions) == 0


def started(given, monkeypatch):
    """Give a command whose run ends where torch would load; return its plan."""
    plans = []
    stand_in = SimpleNamespace(
        run_plan=lambda plan, **_: plans.append(plan) or SimpleNamespace(objective=None)
    )
    monkeypatch.setitem(sys.modules, "whetstone.finetuning.pipeline", stand_in)
    train([*given, "backend=cpu"])
    [plan] = plans
    return plan


@pytest.mark.parametrize("given", [[], ["pipeline=rlhf", "debug=true"], ["algo=sft", "seed=3"]])
def test_a_run_is_composed_by_hydra_alone_and_no_file_is_parsed_twice(
    given, compositions, monkeypatch
):
    parsed: Counter[str] = Counter()
    parse = yaml.load

    def counting(source, **kwargs):
        if isinstance(source, str):  # Hydra's own reading is of a stream
            parsed[source] += 1
        return parse(source, **kwargs)

    monkeypatch.setattr(yaml, "load", counting)
    conf_files._read.cache_clear()
    assert started(given, monkeypatch)
    assert len(compositions) == 2  # what mode it is, and the job
    assert max(parsed.values()) == 1


@pytest.mark.parametrize("command", [[], ["pipeline=rlhf"], ["collect=dpo"]])
def test_omegaconf_makes_objects_of_few_values(command, monkeypatch):
    """Those that refer to another setting and those that they name, whatever else there is."""
    values = Composer().unresolved(command)
    created: list[int] = []
    create = OmegaConf.create
    monkeypatch.setattr(
        OmegaConf, "create", lambda tree: created.append(leaves(tree)) or create(tree)
    )
    whole = leaves(values)
    resolved(values)
    assert created
    assert sum(created) < whole / 4


def leaves(tree):
    return sum(map(leaves, tree.values())) if isinstance(tree, dict) else 1


def test_a_setting_of_hydra_is_looked_at_once(compositions, monkeypatch):
    plan = started(["seed=3", "hydra.job.name=mine"], monkeypatch)
    assert plan.main.seed == 3
    assert len(compositions) == 3
    assert "hydra.job.name=mine" in compositions[-1]


def test_a_changed_file_is_read_again(tmp_path):
    file = tmp_path / "experiment" / "mine.yaml"
    file.parent.mkdir()
    for seed in (1, 22):
        file.write_text(f"# @package _global_\nseed: {seed}\n")
        assert load(["experiment=mine"], [tmp_path]).main.seed == seed


@pytest.mark.parametrize("command", [[], ["algo=ppo"], ["model=qwen", "data=nano"]])
def test_what_is_shown_is_what_a_run_would_use(command):
    shown = yaml.safe_load(shown_configuration(command, Composer(), resolve=True))
    main = load(command).main.model_dump(mode="json")
    assert "tuning" not in shown["model"]
    for section in ("algo", "hooks", "model"):
        assert shown[section] == main[section]


def test_a_value_can_be_taken_back():
    with pytest.raises(ConfigError) as caught:
        load(["seed=???"])
    assert "seed: must be given" in str(caught.value)


def test_a_part_is_shown_and_one_that_there_is_not_is_told():
    shown = shown_configuration([], Composer(), part="algo.args")
    assert shown.startswith("# @package algo.args\nlearning_rate: 0.0008\n")
    assert shown_configuration(["seed=4"], Composer(), part="seed") == "4\n"
    with pytest.raises(ConfigError) as caught:
        shown_configuration([], Composer(), part="hoks")
    assert "--package hoks" in str(caught.value)


@pytest.mark.parametrize("resolve", [False, True])
def test_hydras_own_settings_are_shown_beside_the_tuned_ones(resolve):
    text = shown_configuration(["seed=3"], Composer(), with_hydra=True, resolve=resolve)
    assert ("${" in text) == (not resolve)
    shown = yaml.safe_load(text)
    assert shown["seed"] == 3
    assert shown["hydra"]["output_subdir"] is None
    assert shown["algo"]["args"]["learning_rate"] == 8e-4


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("${seed}", 7),
        ("a ${seed}", "a 7"),
        ("${run.outputs}/x", "outputs/x"),
        ("${oc.select:nothing,3}", 3),
        ("${oc.select:nothing,[a,2]}", ["a", 2]),
        ("${oc.select:hooks.evaluate.k.0,3}", 1),
        ("${hooks.evaluate.tasks}", ["nano"]),
        ("${oc.select:${run.name},3}", 3),
        ("\\${seed}", "${seed}"),
    ],
)
def test_a_value_may_refer_to_another(text, found):
    values = Composer().values(["seed=7", f"++run.other='{text}'", "++run.name=nowhere"])
    assert values["run"]["other"] == found
