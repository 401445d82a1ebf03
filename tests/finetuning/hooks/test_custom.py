"""Callbacks of the user's own: found, refused with a remedy, and called."""

import pytest
import torch
from safetensors.torch import load_file

from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.hooks.custom import find_custom_hooks

MODULE = """
import torch
from transformers import TrainerCallback


class Stops(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        control.should_training_stop = state.global_step >= 2


class Spoils(TrainerCallback):
    def on_step_begin(self, args, state, control, model=None, **kwargs):
        if state.global_step >= 10:
            with torch.no_grad():
                model.get_output_embeddings().weight.mul_(1.5)


class Needs(TrainerCallback):
    def __init__(self, steps):
        self.steps = steps


class Other:
    pass


made = Needs(3)


def function():
    return Stops()
"""


@pytest.fixture(autouse=True)
def my_hooks(tmp_path, monkeypatch):
    (tmp_path / "my_hooks.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def test_a_run_hears_a_callback_of_the_users(train, unmeasured):
    _, report, _ = train("debug=true", "tracker=none", *unmeasured, "hooks.custom=[my_hooks:Stops]")
    assert report["steps"] == 2


def test_held_out_rows_that_get_worse_give_the_weights_of_their_best_step(
    train, qwen_folder, unmeasured
):
    """From step 10 on a callback spoils the head, and the loss of what is held out rises."""
    folder, report, screen = train(
        *("algo=sft", "model=qwen", f"model.path={qwen_folder}", "data=nano", "debug=true"),
        *("model.adapter=full", "algo.args.max_steps=14", "algo.args.learning_rate=0.01"),
        *(
            "hooks.watch.every_steps=2",
            "hooks.best.metric=eval_loss",
            "hooks.custom=[my_hooks:Spoils]",
            *unmeasured,
        ),
    )
    losses = {
        row["step"]: row["eval_loss"]
        for row in read_metrics(folder / "metrics.jsonl")
        if "eval_loss" in row
    }
    assert min(losses, key=losses.get) == 10
    best = report["best"]
    assert (best["metric"], best["best_step"], best["last_step"], best["kept"]) == (
        "eval_loss",
        10,
        14,
        "best",
    )
    assert report["after"]["held_out"]["loss"] == losses[10]
    assert "finishing with the weights of the best held-out figure" in screen
    finished, kept = (
        load_file(place / "model.safetensors")
        for place in (folder / "merged", folder / "best" / "step-10")
    )
    assert finished.keys() == kept.keys()
    assert all(torch.equal(finished[name], kept[name]) for name in kept)


def test_classes_and_instances_are_taken():
    stops, made = [make() for make in find_custom_hooks(["my_hooks:Stops", "my_hooks:made"])]
    assert type(stops).__name__ == "Stops"
    assert made.steps == 3


def test_what_is_no_callback_is_refused_with_the_remedy():
    names = ["my_hooks:Needs", "my_hooks:Other", "my_hooks:Gone"]
    with pytest.raises(ConfigError) as caught:
        find_custom_hooks(names)
    told = {problem.setting: problem.message for problem in caught.value.problems}
    assert list(told) == [f"hooks.custom={name}" for name in names]
    for name, words in zip(names, ["an instance", "not a TrainerCallback", "has no"], strict=True):
        assert words in told[f"hooks.custom={name}"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my_hooks:function", "is a function"),
        ("my_hooks:Gone", "has no class 'Gone'"),
        ("nowhere:Stops", "there is no module 'nowhere'"),
        ("my_hooks.py:Stops", "my_hooks:Stops"),
        ("my_hooks.Stops", "my_hooks:Stops"),
    ],
)
def test_the_gate_reads_the_file(name, words):
    with pytest.raises(ConfigError, match=words):
        load([f"hooks.custom=[{name}]"])
