"""What a model's YAML says under `tuning` and `stages`, and how strong it is."""

from pathlib import Path

import pytest
import yaml

from whetstone.finetuning.config import load
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked

MODEL = """\
defaults:
  - /pretrained_model@_here_
  - _self_
name: mine
path: me/mine
tuning:
  grpo: &sampled
    algo:
      args:
        learning_rate: 0.5
        optim: adafactor
    hooks:
      watch:
        samples: 7
  rloo: *sampled
stages:
  execution_dpo:
    sft:
      set:
        algo:
          args:
            learning_rate: 0.25
"""


def models_with(part):
    for path in sorted((CONF_DIR / "model").glob("*.yaml")):
        for name in yaml.safe_load(path.read_text()).get(part, {}):
            yield path.stem, name


@pytest.fixture
def user(tmp_path):
    """Return a folder of YAMLs with a model in it, and what writes another."""
    folder = tmp_path / "user"

    def write(place: str, text: str) -> Path:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)
        return folder

    write("model/mine.yaml", MODEL)
    return write


def mine(folder, *overrides):
    return load(["model=mine", "data=nano", *overrides], [folder])


@pytest.mark.parametrize(("model", "algo"), models_with("tuning"))
def test_every_tuning_is_taken_and_is_no_difference_of_a_run(model, algo, tmp_path):
    plan = load([f"model={model}", f"algo={algo}", "data=nano", f"run.outputs={tmp_path}"])
    tuned = yaml.safe_load((CONF_DIR / "model" / f"{model}.yaml").read_text())["tuning"][algo]
    for name, value in tuned["algo"]["args"].items():
        assert plan.main.algo.args[name] == value
    assert plan.changed == {}


@pytest.mark.parametrize(("model", "pipeline"), models_with("stages"))
def test_every_stage_of_a_model_is_one_of_the_pipeline(model, pipeline):
    stages = yaml.safe_load((CONF_DIR / "model" / f"{model}.yaml").read_text())["stages"][pipeline]
    plan = load([f"model={model}", f"pipeline={pipeline}", "data=nano"])
    assert set(stages) <= set(plan.asked.pipeline.stages)


def test_a_tuning_is_no_setting_of_a_run(user):
    plan = mine(user("x.yaml", ""))
    assert "tuning" not in str(plan.main.model_dump())
    assert plan.changed == {}
    with pytest.raises(ConfigError) as caught:
        load(["model.tuning.grpo.algo.args.beta=1"])
    assert "no such setting" in str(caught.value)


def test_a_tuning_is_stronger_than_the_algorithm(user):
    main = mine(user("x.yaml", "")).main
    assert main.algo.args["learning_rate"] == 0.5
    assert main.hooks.watch.samples == 7
    assert main.algo.args["beta"] == 0.02  # the algorithm's own


def test_a_tuning_is_of_its_algorithm_only(user):
    folder = user("x.yaml", "")
    assert mine(folder, "algo=rloo").main.algo.args["learning_rate"] == 0.5
    assert mine(folder, "algo=sft").main.algo.args["learning_rate"] == 2e-5


def test_backend_experiment_debug_and_command_line_are_stronger(user):
    folder = user(
        "experiment/try.yaml", "# @package _global_\nalgo:\n  args:\n    learning_rate: 0.75\n"
    )
    assert mine(folder, "backend=cuda_qlora").main.algo.args["optim"] == "paged_adamw_8bit"
    assert mine(folder, "experiment=try").main.algo.args["learning_rate"] == 0.75
    assert mine(folder, "debug=true").main.hooks.watch.samples == 1
    typed = mine(folder, "experiment=try", "algo.args.learning_rate=0.1")
    assert typed.main.algo.args["learning_rate"] == 0.1


def test_what_an_experiment_chooses_decides_which_tuning_it_is(user):
    folder = user(
        "experiment/try.yaml",
        "# @package _global_\ndefaults:\n  - override /model: mine\n  - override /algo: rloo\n",
    )
    assert load(["experiment=try", "data=nano"], [folder]).main.algo.args["learning_rate"] == 0.5


def test_a_stage_takes_the_tuning_of_its_own_algorithm(user):
    base, *_ = load([]).stages
    assert base.config.algo.args["max_steps"] == 1200
    plan = load(["model=mine", "pipeline=execution_dpo", "data=nano"], [user("x.yaml", "")])
    [sft] = [stage for stage in plan.stages if stage.name == "sft"]
    assert sft.config.algo.args["learning_rate"] == 0.25


def test_a_model_built_on_another_has_its_tuning(user):
    other = """\
defaults:
  - mine
  - _self_
name: other
tuning:
  rloo:
    algo:
      args:
        beta: 0.9
"""
    plan = load(["model=other", "algo=rloo", "data=nano"], [user("model/other.yaml", other)])
    assert plan.main.model.name == "other"
    assert plan.main.algo.args["learning_rate"] == 0.5
    assert plan.main.algo.args["beta"] == 0.9


def test_what_a_model_needs_from_nothing_is_told(user):
    folder = user("model/mine.yaml", MODEL.replace("  rloo:", "  rlo:"))
    with pytest.raises(ConfigError) as caught:
        mine(folder, "algo=grop")
    told = str(caught.value)
    assert "tuning.rlo" in told
    assert "did you mean `rloo`?" in told
    assert "did you mean `grpo`?" in told  # with the other mistakes


def test_a_tuning_that_is_no_table_is_told(user):
    head, _, _ = MODEL.partition("tuning:")
    folder = user("model/mine.yaml", head + "tuning: {grpo: [1]}\n")
    with pytest.raises(ConfigError, match=r"tuning\.grpo: expected a mapping of settings"):
        mine(folder)


def test_hydra_is_not_asked_to_take_out_what_only_a_tuning_sets():
    given = ["debug=true", "seed=3", "~algo.args.warmup_steps"]
    assert "warmup_steps" not in load(given).main.algo.args
    kept = checked(given)
    assert "++seed=3" in kept
    assert not [text for text in kept if text.startswith("~")]
