"""Callbacks of the user's own: found, refused with a remedy, and called."""

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.hooks.custom import find_custom_hooks

MODULE = """
from transformers import TrainerCallback


class Stops(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        control.should_training_stop = state.global_step >= 2


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
