"""The one table of rewards: adding a reward to it is one line, and an import.

It holds configs, and `RewardConfig.build` imports or starts what is heavy, so that a configuration
can be checked before anything is loaded.
"""

from typing import Annotated, get_args

from pydantic import Field

from whetstone.rewards.base import RewardConfig
from whetstone.rewards.compiler import CompilerConfig
from whetstone.rewards.criteria import CriteriaConfig
from whetstone.rewards.custom.reward import CustomConfig
from whetstone.rewards.discriminator import DiscriminatorConfig
from whetstone.rewards.execution import ExecutionConfig
from whetstone.rewards.random_reward import RandomConfig
from whetstone.rewards.reward_model import RewardModelConfig
from whetstone.rewards.teacher.config import TeacherConfig

_AnyReward = (
    ExecutionConfig
    | RandomConfig
    | CustomConfig
    | TeacherConfig
    | RewardModelConfig
    | CriteriaConfig
    | CompilerConfig
    | DiscriminatorConfig
)  # fmt: skip

AnyRewardConfig = Annotated[_AnyReward, Field(discriminator="name")]
"""The type of a reward's settings: `name` decides which config validates them."""

REWARDS: dict[str, type[RewardConfig]] = {
    get_args(config.model_fields["name"].annotation)[0]: config for config in get_args(_AnyReward)
}
"""Name of each reward to its config."""
