"""An algorithm takes the files that CONTRIBUTING lists: one is added to a copy, and built there."""

import pytest

ALGORITHM = """
from whetstone.finetuning.algo.grpo import build_grpo, grpo_arguments


def toy_arguments(arguments, reward_weights):
    return grpo_arguments({**arguments, "loss_type": "dr_grpo"}, reward_weights)


build_toy = build_grpo
"""
SECTION = '''class ToyConfig(GroupConfig):
    """GRPO with one loss."""

    trl_class = "GRPOConfig"
    decides = MappingProxyType({"loss_type": "nothing: toy has one loss"})
    name: Literal["toy"]


'''
YAML = """defaults:
  - /groups@_here_
  - _self_

name: toy
args:
  learning_rate: 1.0e-3
  per_device_train_batch_size: 16
  gradient_accumulation_steps: 2
  num_generations: 8
  max_completion_length: 64
  logging_steps: 1
  save_steps: 50
"""
TEST = """
import pytest

from whetstone.finetuning.algo.table import ALGORITHMS
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError


def test_the_gate_knows_it_and_it_has_a_builder(tmp_path):
    config = load(["algo=toy", "model=nano", "debug=true"]).main
    assert config.algo.args["num_generations"] == 4
    here = {"output_dir": str(tmp_path), "use_cpu": True, "bf16": False}
    made = ALGORITHMS["toy"].arguments({**config.algo.args, **here}, [1.0])
    assert made.loss_type == "dr_grpo"
    with pytest.raises(ConfigError, match="toy has one loss"):
        load(["algo=toy", "model=nano", "algo.args.loss_type=grpo"])
    with pytest.raises(ConfigError, match="max_completion_length"):
        load(["algo=toy", "model=nano", "max_length=3"])
"""


@pytest.mark.nightly  # the process imports TRL
def test_an_algorithm_takes_what_is_promised(house):
    table, schema = "finetuning/algo/table.py", "finetuning/config/schema/algo.py"
    house.add("finetuning/algo/toy.py", ALGORITHM)
    imported = "from whetstone.finetuning.algo.toy import build_toy, toy_arguments\n"
    house.insert(table, "\n\n@dataclass", imported)
    house.insert(table, '    "sft": ', '    "toy": Algorithm(toy_arguments, build_toy),\n')
    house.insert(schema, "class RlooConfig", SECTION)
    house.insert(schema, "    | RlooConfig\n", "    | ToyConfig\n")
    house.add("conf/algo/toy.yaml", YAML)
    house.add("tests/finetuning/algo/test_toy.py", TEST)
    house.passes("tests/finetuning/algo/test_toy.py")
    house.is_as_promised("an algorithm", "toy")
