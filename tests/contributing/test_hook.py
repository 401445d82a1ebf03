"""A hook takes the files that CONTRIBUTING lists: one is added to a copy, and found there."""

import pytest

HOOK = """
from transformers import TrainerCallback


class ToyCallback(TrainerCallback):
    def on_step_end(self, args, state, control, **_):
        control.should_training_stop = True
"""
TEST = """
from types import SimpleNamespace

from whetstone.finetuning.config import load
from whetstone.finetuning.hooks.custom import find_custom_hooks


def test_every_run_has_it():
    (make,) = find_custom_hooks(load(["algo=grpo", "model=nano"]).main.hooks.custom)
    control = SimpleNamespace()
    make().on_step_end(None, None, control)
    assert control.should_training_stop
"""


@pytest.mark.nightly  # the process imports TRL
def test_a_hook_takes_what_is_promised(house):
    defaults = "conf/hooks/default.yaml"
    house.add("finetuning/hooks/toy.py", HOOK)
    text = (house.root / defaults).read_text()
    assert text.endswith("custom: []\n")
    named = 'custom: ["whetstone.finetuning.hooks.toy:ToyCallback"]\n'
    house.add(defaults, text.replace("custom: []\n", named))
    house.add("tests/finetuning/hooks/test_toy.py", TEST)
    house.passes("tests/finetuning/hooks/test_toy.py")
    house.is_as_promised("a hook", "toy")
