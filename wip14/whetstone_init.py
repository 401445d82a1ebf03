"""Whetstone fine-tunes language models for code by reinforcement learning.

The names below are imported when they are first used, so that `import whetstone` loads nothing.

Example:
    >>> import whetstone
    >>> result = whetstone.train("algo=grpo", "model=nano", seed=1)
    >>> result.after["nano"]["pass@1"]

"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whetstone.finetuning.api import EvaluationResult, TrainingResult, evaluate, train
    from whetstone.rewards.compiler import CompilerReward
    from whetstone.rewards.compilers import Compilers
    from whetstone.rewards.criteria import CriteriaReward
    from whetstone.rewards.custom import CustomReward
    from whetstone.rewards.discriminator import DiscriminatorReward
    from whetstone.rewards.execution import ExecutionReward
    from whetstone.rewards.random_reward import RandomReward
    from whetstone.rewards.reward_model import RewardModelReward
    from whetstone.rewards.sandbox import Sandbox, Verdict
    from whetstone.rewards.teacher.reward import TeacherReward

_MODULES = {
    "CompilerReward": "rewards.compiler",
    "Compilers": "rewards.compilers",
    "CriteriaReward": "rewards.criteria",
    "CustomReward": "rewards.custom",
    "DiscriminatorReward": "rewards.discriminator",
    "EvaluationResult": "finetuning.api",
    "ExecutionReward": "rewards.execution",
    "RandomReward": "rewards.random_reward",
    "RewardModelReward": "rewards.reward_model",
    "Sandbox": "rewards.sandbox",
    "TeacherReward": "rewards.teacher.reward",
    "TrainingResult": "finetuning.api",
    "Verdict": "rewards.sandbox",
    "evaluate": "finetuning.api",
    "train": "finetuning.api",
}

__all__ = [
    "CompilerReward",
    "Compilers",
    "CriteriaReward",
    "CustomReward",
    "DiscriminatorReward",
    "EvaluationResult",
    "ExecutionReward",
    "RandomReward",
    "RewardModelReward",
    "Sandbox",
    "TeacherReward",
    "TrainingResult",
    "Verdict",
    "evaluate",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
