"""GRPO: advantages are rewards relative to the group of completions of one prompt.

Shao et al. 2024 (arXiv 2402.03300); the loss and its variants are TRL's.
"""

from typing import Any

from trl import GRPOConfig, GRPOTrainer

from finetuning.algo.base import Parts, build_arguments
from finetuning.algo.online import OnlineTrainer
from finetuning.algo.signal import rows_with_signal, zero_rows_are_idle


class WhetstoneGRPOTrainer(OnlineTrainer, GRPOTrainer):
    """trl.GRPOTrainer with our sampler, clock and run folder; rows without signal are skipped.

    `entropy` and `clip_ratio/*` are then those of the rows that are trained on.
    """

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        batch = rows_with_signal(inputs) if zero_rows_are_idle(self) else inputs
        return super()._compute_loss(model, batch)


def grpo_arguments(arguments: dict[str, Any], reward_weights: list[float]) -> GRPOConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    computed = {
        "reward_weights": reward_weights,
        "log_completions": True,
        "num_completions_to_print": 0,
        "remove_unused_columns": False,
    }
    return build_arguments(GRPOConfig, {**arguments, **computed})


def build_grpo(parts: Parts, arguments: GRPOConfig) -> WhetstoneGRPOTrainer:
    """Return the trainer."""
    trainer = WhetstoneGRPOTrainer(
        model=parts.policy.model,
        processing_class=parts.policy.tokenizer,
        args=arguments,
        train_dataset=parts.dataset,
        reward_funcs=list(parts.rewards),
        callbacks=[parts.clock, *parts.callbacks],
        peft_config=parts.peft_config,
    )
    trainer.clock = parts.clock
    trainer.stop = parts.stop
    return trainer
