"""Whetstone fine-tunes language models for code by reinforcement learning.

The names below are imported when they are first used, so that `import whetstone` loads neither
torch nor Hydra.

Example:
    >>> import whetstone
    >>> result = whetstone.train("algo=grpo", "model=nano", seed=1)
    >>> result.after["nano"]["pass@1"]

"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from whetstone import rewards

if TYPE_CHECKING:
    from whetstone.finetuning.api import EvaluationResult as EvaluationResult
    from whetstone.finetuning.api import TrainingResult as TrainingResult
    from whetstone.finetuning.api import evaluate as evaluate
    from whetstone.finetuning.api import train as train
    from whetstone.rewards import CompilerReward as CompilerReward
    from whetstone.rewards import Compilers as Compilers
    from whetstone.rewards import CriteriaReward as CriteriaReward
    from whetstone.rewards import CustomReward as CustomReward
    from whetstone.rewards import DiscriminatorReward as DiscriminatorReward
    from whetstone.rewards import ExecutionReward as ExecutionReward
    from whetstone.rewards import RandomReward as RandomReward
    from whetstone.rewards import RewardModelReward as RewardModelReward
    from whetstone.rewards import Sandbox as Sandbox
    from whetstone.rewards import TeacherReward as TeacherReward
    from whetstone.rewards import Verdict as Verdict

_API = ("EvaluationResult", "TrainingResult", "evaluate", "train")


def __getattr__(name: str) -> Any:
    if name in rewards.EXPORTS:
        return getattr(rewards, name)
    if name in _API:
        return getattr(import_module("whetstone.finetuning.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *rewards.EXPORTS, *_API})
