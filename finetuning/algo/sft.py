"""Supervised fine-tuning: next-token loss on completion tokens."""

from typing import Any

from trl import SFTConfig, SFTTrainer

from finetuning.algo.base import Parts, RunTrainer


class WhetstoneSFTTrainer(RunTrainer, SFTTrainer):
    """trl.SFTTrainer with our clock and run folder."""


def build_sft(parts: Parts, arguments: dict[str, Any]) -> WhetstoneSFTTrainer:
    """Return the trainer. `arguments` are those of trl.SFTConfig."""
    trainer = WhetstoneSFTTrainer(
        model=parts.policy.model,
        processing_class=parts.policy.tokenizer,
        args=SFTConfig(**arguments, completion_only_loss=True),
        train_dataset=parts.dataset,
        callbacks=[parts.clock, *parts.callbacks],
        peft_config=parts.peft_config,
    )
    trainer.clock = parts.clock
    return trainer
