"""Supervised fine-tuning: next-token loss on completion tokens."""

from pathlib import Path
from typing import Any

from transformers import TrainerState
from trl import SFTConfig, SFTTrainer

from finetuning.algo.base import Parts, RunTrainer, build_arguments


class WhetstoneSFTTrainer(RunTrainer, SFTTrainer):
    """trl.SFTTrainer with our clock and run folder."""

    def train(self, resume_from_checkpoint: str | None = None, **kwargs: Any) -> Any:
        """Train; a resumed run goes on counting tokens, which TRL's own would begin again."""
        if resume_from_checkpoint:
            state = TrainerState.load_from_json(
                str(Path(resume_from_checkpoint) / "trainer_state.json")
            )
            counted = [row["num_tokens"] for row in state.log_history if "num_tokens" in row]
            self._total_train_tokens = int(counted[-1]) if counted else 0
        return super().train(resume_from_checkpoint=resume_from_checkpoint, **kwargs)


def sft_arguments(arguments: dict[str, Any], _reward_weights: list[float]) -> SFTConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return build_arguments(SFTConfig, {**arguments, "completion_only_loss": True})


def build_sft(parts: Parts, arguments: SFTConfig) -> WhetstoneSFTTrainer:
    """Return the trainer."""
    trainer = WhetstoneSFTTrainer(
        model=parts.policy.model,
        processing_class=parts.policy.tokenizer,
        args=arguments,
        train_dataset=parts.dataset,
        callbacks=[parts.clock, *parts.callbacks],
        peft_config=parts.peft_config,
    )
    trainer.clock = parts.clock
    return trainer
