"""The configuration gate: Hydra's lists are composed, pydantic checks, every error is told at once.

Imports no torch, so that a typo is answered in a second. After `load` there is no DictConfig.
"""

from whetstone.finetuning.config.load import Plan, load
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.stages import Stage

__all__ = ["Config", "Plan", "Stage", "load"]
