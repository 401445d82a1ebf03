"""GRPO: advantages are rewards relative to the group of completions of one prompt.

Shao et al. 2024 (arXiv 2402.03300); the loss and its variants are TRL's.
"""

from typing import Any

from trl import GRPOConfig, GRPOTrainer

from finetuning.algo.base import Parts
from finetuning.algo.online import OnlineTrainer


class WhetstoneGRPOTrainer(OnlineTrainer, GRPOTrainer):
    """trl.GRPOTrainer with our sampler, clock and run folder."""


def build_grpo(parts: Parts, arguments: dict[str, Any]) -> WhetstoneGRPOTrainer:
    """Return the trainer. `arguments` are those of trl.GRPOConfig."""
    args = GRPOConfig(
        **arguments,
        reward_weights=list(parts.reward_weights),
        log_completions=True,
        num_completions_to_print=0,
        remove_unused_columns=False,
    )
    trainer = WhetstoneGRPOTrainer(
        model=parts.policy.model,
        processing_class=parts.policy.tokenizer,
        args=args,
        train_dataset=parts.dataset,
        reward_funcs=list(parts.rewards),
        callbacks=[parts.clock, *parts.callbacks],
        peft_config=parts.peft_config,
    )
    trainer.clock = parts.clock
    return trainer
