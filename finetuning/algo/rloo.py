"""RLOO: REINFORCE on whole completions; the baseline is the mean reward of the others of a prompt.

Ahmadian et al. 2024 (arXiv 2402.14740). TRL's trainer with our sampler, clock and run folder; the
KL penalty is part of the reward, and the ratio is clipped for each completion as a whole.
"""

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import RLOOConfig, RLOOTrainer

from whetstone.finetuning.algo.base import Parts
from whetstone.finetuning.algo.dynamic import SIGNAL_ROWS, GroupTrainer
from whetstone.finetuning.algo.online import build_online, online_arguments
from whetstone.finetuning.algo.zero_variance import rows_with_signal


class WhetstoneRLOOTrainer(GroupTrainer, RLOOTrainer):
    """trl.RLOOTrainer as it is, but for rows of zero advantage: they are not computed."""

    def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
        return super()._generate_single_turn(prompt_ids)[0]  # GRPO's takes log-probabilities too

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        if self.aux_loss_enabled:  # a router learns from every row
            return super()._compute_loss(model, inputs)
        batch = rows_with_signal(inputs, self.most)
        counted = inputs.get(SIGNAL_ROWS, len(inputs["advantages"]))
        # TRL's loss is a mean over rows.
        return super()._compute_loss(model, batch) * len(batch["advantages"]) / counted

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Log, and write the completions as GRPO's trainer does; RLOO's tells trackers only."""
        super().log(logs, start_time)
        if self.accelerator.is_main_process and self.log_completions:
            folder = Path(self.args.output_dir) / "completions"
            folder.mkdir(exist_ok=True)
            table = Dataset.from_dict(self._completions())
            table.to_parquet(folder / f"completions_{self.state.global_step:05d}.parquet")

    def _completions(self) -> dict[str, list[Any]]:
        logs = self._logs
        return {
            "step": [self.state.global_step] * len(logs["prompt"]),
            "prompt": list(logs["prompt"]),
            "completion": list(logs["completion"]),
            **{name: list(values) for name, values in logs["rewards"].items()},
            **{name: list(values) for name, values in logs["extra"].items()},
            "advantage": list(logs["advantages"]),
        }


def rloo_arguments(arguments: dict[str, Any], reward_weights: list[float]) -> RLOOConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return online_arguments(RLOOConfig, arguments, reward_weights)


def build_rloo(parts: Parts, arguments: RLOOConfig) -> WhetstoneRLOOTrainer:
    """Return the trainer."""
    trainer: WhetstoneRLOOTrainer = build_online(WhetstoneRLOOTrainer, parts, arguments)
    trainer.sampling = parts.settings.dynamic_sampling
    return trainer
