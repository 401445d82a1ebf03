"""Judges of code. Knows neither finetuning nor TRL, so any TRL script can use it.

The names below are imported when they are first used: a judge that is not used loads nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whetstone.rewards.compiler import CompilerReward as CompilerReward
    from whetstone.rewards.compilers import Compilers as Compilers
    from whetstone.rewards.criteria import CriteriaReward as CriteriaReward
    from whetstone.rewards.custom.reward import CustomReward as CustomReward
    from whetstone.rewards.discriminator import DiscriminatorReward as DiscriminatorReward
    from whetstone.rewards.execution import ExecutionReward as ExecutionReward
    from whetstone.rewards.random_reward import RandomReward as RandomReward
    from whetstone.rewards.reward_model import RewardModelReward as RewardModelReward
    from whetstone.rewards.sandbox import Sandbox as Sandbox
    from whetstone.rewards.sandbox import Verdict as Verdict
    from whetstone.rewards.teacher.reward import TeacherReward as TeacherReward

_MODULE_OF = {
    "CompilerReward": "compiler",
    "Compilers": "compilers",
    "CriteriaReward": "criteria",
    "CustomReward": "custom.reward",
    "DiscriminatorReward": "discriminator",
    "ExecutionReward": "execution",
    "RandomReward": "random_reward",
    "RewardModelReward": "reward_model",
    "Sandbox": "sandbox",
    "TeacherReward": "teacher.reward",
    "Verdict": "sandbox",
}
EXPORTS = tuple(_MODULE_OF)
"""What `whetstone` exports of this package."""


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
