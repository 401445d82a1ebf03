"""A reward takes the files that CONTRIBUTING lists: one is added to a copy, and asked there."""

REWARD = """
from typing import Literal

from whetstone.rewards.base import RewardConfig


class BrevityReward:
    __name__ = "toy"

    def __init__(self, most):
        self._most = most

    def __call__(self, prompts, completions, **_):
        return [float(len(one) <= self._most) for one in completions]

    def close(self):
        pass


class ToyConfig(RewardConfig):
    name: Literal["toy"]
    most: int

    def build(self):
        return BrevityReward(self.most)
"""
TEST = """
from whetstone.finetuning.config import load


def test_it_pays_what_is_short():
    config = load(["algo=grpo", "model=nano", "reward=toy", "reward.toy.most=2"]).main
    assert config.reward["toy"].build()(["?", "?"], ["ab", "abc"]) == [1.0, 0.0]
"""


def test_a_reward_takes_what_is_promised(house):
    house.add("rewards/toy.py", REWARD)
    house.insert(
        "rewards/table.py", "\n_AnyReward", "from whetstone.rewards.toy import ToyConfig\n"
    )
    house.insert("rewards/table.py", "    | RandomConfig\n", "    | ToyConfig\n")
    house.add("conf/reward/toy.yaml", "toy:\n  name: toy\n  weight: 1.0\n  most: 80\n")
    house.add("tests/rewards/test_toy.py", TEST)
    house.passes("tests/rewards/test_toy.py")
    house.is_as_promised("a reward", "toy")
