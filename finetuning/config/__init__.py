"""The configuration gate: Hydra composes, pydantic checks, every error is reported at once.

Imports no torch, so that a typo is answered in a second. After `load` there is no DictConfig.
"""

from finetuning.config.load import Plan, load
from finetuning.config.schema import Config
from finetuning.config.stages import Stage

__all__ = ["Config", "Plan", "Stage", "load"]
