"""`model.path=FOLDER`: neutral presets where no model is chosen, and always the folder's name."""

from dataclasses import replace

import pytest

from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import read_command_line
from whetstone.finetuning.config.presets import with_own_model
from whetstone.finetuning.training_command import checked

NANO, QWEN = "nano", "pretrained"


def own(*overrides: str, path: object, init: str = NANO) -> tuple[str | None, str | None]:
    """What is chosen and named for a command whose composition has this path."""
    composed = {"model": {"path": path, "init": init}}
    command = with_own_model(read_command_line(overrides), composed)
    return command.choices.get("model"), command.values.get("model.name")


def test_a_folder_alone_gets_the_presets_of_the_algorithm_and_its_own_name(tmp_path):
    folder = tmp_path / "my coder"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text('{"model_type": "qwen2"}')
    command = ["data=nano", f"model.path='{folder}'"]
    plan = load(command)
    assert [stage.name for stage in plan.stages] == ["train"]
    args = plan.main.algo.args
    assert args["learning_rate"] == 3e-6
    assert (args["per_device_train_batch_size"], args["max_completion_length"]) == (8, 512)
    assert args["beta"] == 0.02
    assert plan.main.model.adapter == "lora"
    assert plan.main.model.lora.target_modules == "all-linear"
    assert run_name(plan) == "my-coder-nano-grpo"
    shown = checked(["--cfg", "job", *command])
    assert {"model=local", "++model.name='my-coder'"} <= set(shown)


def test_a_chosen_model_keeps_its_presets():
    assert own("model=qwen", "model.path=f", path="f", init=QWEN) == (
        "model=qwen",
        "++model.name='f'",
    )
    assert own("model=nano", "model.path=f", path="f")[0] == "model=nano"
    by_experiment = own("experiment=rfai", "model.path=f", path="f", init=QWEN)
    assert by_experiment == (None, "++model.name='f'")


def test_a_name_of_the_user_is_kept():
    assert own("model.path=f", "model.name=mine", path="f") == ("model=local", "++model.name=mine")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Qwen/Qwen2.5-Coder-7B", "Qwen2.5-Coder-7B"),
        ("some/123", "123"),
        ("outputs/careful/merged", "careful"),
        ("some/???", "local"),
    ],
)
def test_what_a_model_is_called(path, name):
    assert own(f"model.path={path}", path=path) == ("model=local", f"++model.name='{name}'")


@pytest.mark.parametrize(("typed", "path"), [("seed=1", "f"), ("model.path=null", None)])
def test_what_no_user_gave_is_left_alone(typed, path):
    assert own(typed, path=path) == (None, None)
    assert own("model.path=stage:base", path="stage:base") == (None, None)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (["model=Qwen/Qwen3-0.6B"], "Qwen3-0.6B-nano-grpo"),
        (["model.path=Qwen/Qwen3-0.6B"], "Qwen3-0.6B-nano-grpo"),
        (["model=Qwen/Qwen3-0.6B", "seed=1"], "Qwen3-0.6B-nano-grpo-seed-1"),
        (["model=qwen", "model.path=me/coder", "debug=true"], "coder-nano-grpo-debug"),
        (["model=qwen", "model.name=mine"], "mine-nano-grpo"),
    ],
)
def test_the_name_of_a_run_tells_its_model_once(typed, name):
    assert run_name(load(["data=nano", *typed])) == name


def test_a_path_that_the_name_does_not_tell_is_told_by_a_hash():
    one, other = (
        run_name(load(["data=nano", f"model.path={path}", "model.name=mine"]))
        for path in ("me/one", "me/other")
    )
    assert one.startswith("mine-nano-grpo-")
    assert one != other


def test_points_of_a_sweep_with_models_of_one_name_are_told_apart():
    one, other = (
        run_name(
            replace(
                load(["data=nano", "model=local", f"model.path={path}"]), varied=("model.path",)
            )
        )
        for path in ("me/coder", "you/coder")
    )
    assert one != other


def test_what_was_typed_is_kept_as_it_was_typed():
    typed = ("model=Qwen/Qwen3-0.6B", "data=nano", "++seed=1", "hydra.job.name=x")
    assert load(typed).typed == ("model=Qwen/Qwen3-0.6B", "data=nano", "seed=1")
    by_path = ("model.path=Qwen/Qwen3-0.6B", "data=nano")
    assert load(by_path).typed == by_path
