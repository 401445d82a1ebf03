"""What every trainer shares: TRL's arguments as we compute them, the run's folder, the clock."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import Trainer, TrainerCallback

from whetstone.finetuning.algo.clock import StepClock
from whetstone.finetuning.algo.oom_probe import LongestFirst, forgotten
from whetstone.finetuning.config.schema import ParityConfig
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.policy import Policy
from whetstone.finetuning.model.quantized import keep_adapter_precise
from whetstone.finetuning.rollout.base import Engine
from whetstone.rewards.base import Reward

CHECKPOINTS = "checkpoints"
_OF_THIS_SESSION = {
    "train_loss",
    "train_runtime",
    "train_samples_per_second",
    "train_steps_per_second",
    "total_flos",
}

_EVAL_TIMES = frozenset({"eval_runtime", "eval_samples_per_second", "eval_steps_per_second"})
"""Of held-out measures: a resumed run is to have the same rows as an uninterrupted one."""


@dataclass(frozen=True)
class Parts:
    """What a trainer is built from."""

    policy: Policy
    dataset: Dataset
    peft_config: Any | None
    rewards: tuple[Reward, ...]
    reward_weights: tuple[float, ...]
    callbacks: tuple[TrainerCallback, ...]
    clock: StepClock
    stop: tuple[str, ...] = ()
    """Strings at which a completion may end, for algorithms that sample."""
    settings: Any = None
    """The algorithm's own section of the configuration: what TRL has no argument for."""
    engine: Engine | None = None
    """What draws completions, for algorithms that sample; None: the policy itself."""
    parity: ParityConfig | None = None
    """Maximum log-probability mismatch between sampler and trainer; None disables the check."""
    held_out: Dataset | None = None
    """Rows that are only measured, for algorithms that do not sample."""
    held_out_every_steps: int = 0
    """Steps between two measures of them; 0: at the beginning and the end only."""


def common_arguments(
    args: dict[str, Any], folder: Path, device: Device, seed: int, trackers: list[str]
) -> dict[str, Any]:
    """Return the keyword arguments of a TRL config: the user's, and those that we compute."""
    return {
        **args,
        "output_dir": str(folder),
        "run_name": folder.name,
        "report_to": trackers,
        "seed": seed,
        "use_cpu": device.kind == "cpu",
        "bf16": device.dtype is torch.bfloat16,
        "fp16": device.dtype is torch.float16,
        "disable_tqdm": True,
        "save_strategy": "steps",
        "ddp_find_unused_parameters": False,  # all are used; looking marks shared ones ready twice
    }


def build_arguments(config_class: Any, arguments: dict[str, Any]) -> Any:
    """Make TRL's config object; what it refuses is the user's to mend.

    Raises:
        ConfigError: with TRL's own words.

    """
    try:
        return config_class(**arguments)
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError([Problem("algo.args", " ".join(str(error).split()))]) from error


class RunTrainer(Trainer):
    """Mixed in before a TRL trainer: checkpoints in their own folder, seconds in every log row."""

    clock: StepClock

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        keep_adapter_precise(self.model)
        # Shards belong to a step: FSDP and DeepSpeed have no pass outside of one.
        sharded = self.is_fsdp_enabled or self.is_deepspeed_enabled
        if self.args.device.type == "cuda" and not sharded:
            self.add_callback(LongestFirst(self))

    def rehearse(self) -> None:
        """Make a pass over the longest batch there can be, and forget it."""
        with forgotten(self), self.compute_loss_context_manager():
            self.longest_loss().backward()

    def longest_loss(self) -> torch.Tensor:
        """Return a loss that takes as much memory as any that this training can meet."""
        raise NotImplementedError

    def _get_output_dir(self, trial: Any) -> str:
        return str(Path(super()._get_output_dir(trial)) / CHECKPOINTS)

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Add the seconds since the last log; a row of held-out figures has none of its own.

        What transformers sums up at the end is left out: it knows this session's steps only.
        """
        logs = {key: value for key, value in logs.items() if key not in _OF_THIS_SESSION}
        if "eval_loss" in logs:
            figures = {name: value for name, value in logs.items() if name not in _EVAL_TIMES}
            super().log(figures, start_time)
        else:
            super().log({**logs, **self.clock.drain()}, start_time)

    def _maybe_log_save_evaluate(self, *arguments: Any, **keywords: Any) -> None:
        """Log before every save: what is collected for a row is in no checkpoint."""
        self.control.should_log |= self.control.should_save
        super()._maybe_log_save_evaluate(*arguments, **keywords)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write none: TRL's says `fine-tuned version of None` of a folder's model."""

    def log_now(self, row: dict[str, float]) -> None:
        """Log figures of our own without flushing what TRL collects for its next row."""
        due = self.control.should_log  # a log clears it, and this step's own row is still to come
        Trainer.log(self, row)
        self.control.should_log = due
