"""An engine takes the files that CONTRIBUTING lists: one is added to a copy, and chosen there."""

import pytest

ENGINE = """
from whetstone.finetuning.rollout.base import Rollout


class EchoEngine:
    eos = [0]

    def sync(self, model):
        pass

    def sample(self, prompts, n, sampling, seed):
        return [Rollout(ids, [0.0] * len(ids)) for ids in prompts for _ in range(n)]

    def statistics(self):
        return {}


def build(model, tokenizer, dtype):
    return EchoEngine()
"""
TEST = """
from types import SimpleNamespace

from whetstone.finetuning.config import load
from whetstone.finetuning.config.rules.backend import why_no_engine
from whetstone.finetuning.model.device import choose_device
from whetstone.finetuning.rollout.engines import build_engine, choose_rollout


def test_a_run_may_choose_it():
    config = load(["algo=grpo", "model=nano", "backend=cpu", "backend.rollout=toy"]).main
    device = choose_device(config.backend)
    model = SimpleNamespace(config=SimpleNamespace(is_encoder_decoder=False), dtype=None)
    engine = build_engine(choose_rollout(config.backend.rollout, device), model, None, device)
    assert [one.ids for one in engine.sample([[1, 2]], 2, None, 0)] == [[1, 2], [1, 2]]
    assert why_no_engine("toy") is None
"""


@pytest.mark.nightly
def test_an_engine_takes_what_is_promised(house):
    schema = "finetuning/config/schema/engines.py"
    house.add("finetuning/rollout/toy.py", ENGINE)
    house.insert(schema, '"mlx"]', '"toy", ')
    house.insert(schema, '"mlx": E', '"toy": EnginePackage("PyYAML", "yaml", extra="toy"), ')
    extra = 'toy = ["PyYAML>=6"]\n'
    house.insert("pyproject.toml", "mlx = [", extra)
    house.add("tests/finetuning/rollout/test_toy.py", TEST)
    house.passes("tests/finetuning/rollout/test_toy.py")
    house.is_as_promised("an engine", "toy")
