"""`hooks.publish`: what a run shows or sends when it has ended."""

import io
import json
import shutil
from importlib.util import find_spec

import pytest
from rich.console import Console

from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError, OutsideError
from whetstone.finetuning.publish.at_run_end import publish_finished


def hook(*settings):
    given = [f"hooks.publish.{setting}" for setting in ("repo=me/tuned", *settings)]
    return load(["hooks.merge.each_epoch=true", *given]).main.hooks.publish


def shown(run, wanted):
    screen = io.StringIO()
    publish_finished(run, wanted, Console(file=screen, width=200))
    return screen.getvalue()


def test_without_a_repository_nothing_happens(run_folder):
    assert shown(run_folder, load([]).main.hooks.publish) == ""


def test_without_push_it_is_a_dry_run_that_says_how_to_send(run_folder):
    for name in ("merged", "adapter"):
        shutil.copytree(run_folder / name, run_folder / f"{name}-epoch-2")
    said = shown(run_folder, hook("epochs=[2]", "license=mit"))
    assert "model me/tuned, private" in said
    assert "model me/tuned-epoch-2, private" in said
    assert "These are the weights after epoch 2" in said
    assert said.count("license: mit") == 2
    assert f"whetstone publish model run={run_folder} repo=me/tuned push=true" in said


@pytest.mark.skipif(find_spec("mlx_lm") is None, reason="mlx-lm is not installed")
def test_forms_for_mlx_are_made_and_shown(run_folder, qwen_folder):
    shutil.copytree(qwen_folder, run_folder / "merged", dirs_exist_ok=True)
    said = shown(run_folder, hook("mlx=[whole,4bit]"))
    assert "mlx/model.safetensors" in said
    assert "mlx-4bit/model.safetensors" in said
    config = json.loads((run_folder / "merged-mlx-4bit" / "config.json").read_text())
    assert config["quantization"]["bits"] == 4


def test_what_fails_leaves_the_run_and_says_how_to_send_it_later(run_folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    wanted = hook("push=true")
    (run_folder / "merged" / "tokenizer.json").write_text("sk-" + "canary0" * 5)
    with pytest.raises(OutsideError) as caught:
        shown(run_folder, wanted)
    said = str(caught.value)
    assert said.startswith("The run is finished, and was not published:")
    assert f"Later: whetstone publish model run={run_folder} repo=me/tuned push=true" in said


@pytest.mark.parametrize(
    ("settings", "setting", "reason"),
    [
        (["repo=tuned"], "repo=tuned", "OWNER/NAME"),
        (["push=true"], "push=true", "add hooks.publish.repo"),
        (["repo=me/tuned", "push=true"], "push=true", "set HF_TOKEN"),
        (["repo=me/tuned", "epochs=[1]"], "epochs=[1]", "hooks.merge.each_epoch=true"),
    ],
)
def test_what_cannot_be_published_is_refused_before_training(
    settings, setting, reason, monkeypatch, tmp_path
):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        load([f"hooks.publish.{given}" for given in settings])
    found = [str(problem) for problem in caught.value.problems]
    assert any(f"hooks.publish.{setting}" in text and reason in text for text in found)


def test_where_the_model_goes_is_no_part_of_the_run():
    assert run_name(load(["hooks.publish.repo=me/tuned"])) == run_name(load([]))
