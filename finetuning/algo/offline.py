"""What algorithms that train on rows as they are share: token counts, and held-out figures.

Held-out rows are measured at step 0, with the looks at a task, and at the end; each is a row of
metrics.jsonl, so that a resumed run has the same ones as an uninterrupted run.
"""

import copy
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.algo.base import Parts, RunTrainer
from whetstone.finetuning.algo.oom_probe import longest_rows


class OfflineTrainer(RunTrainer):
    """Mixed in before a TRL trainer that does not sample."""

    def train(self, resume_from_checkpoint: str | None = None, **kwargs: Any) -> Any:
        """Train; a resumed run goes on counting tokens, which TRL's own would begin again."""
        if resume_from_checkpoint:
            state = TrainerState.load_from_json(
                str(Path(resume_from_checkpoint) / "trainer_state.json")
            )
            # Only training counts tokens; a row of held-out figures repeats the number.
            counted = [row["num_tokens"] for row in state.log_history if "num_tokens" in row]
            self._total_train_tokens = int(counted[-1]) if counted else 0
        return super().train(resume_from_checkpoint=resume_from_checkpoint, **kwargs)

    def longest_loss(self) -> torch.Tensor:
        """Return the loss of the rows with the most tokens."""
        dataset = self._remove_unused_columns(self.train_dataset)
        rows = longest_rows(dataset, self.args.per_device_train_batch_size)
        batch = self._prepare_inputs(self.data_collator(rows))
        loss: torch.Tensor = self.compute_loss(self.model, batch)
        return loss

    def measure_held_out(self) -> None:
        """Log `eval_loss` and what TRL measures beside it; this step's own row is still due."""
        due, training = self.control.should_log, self.model.training
        self.evaluate()
        self.control.should_log = due
        self.model.train(training)  # TRL tells by it whose figures a row is to hold


class HeldOutCallback(TrainerCallback):
    """Measures the held-out rows at step 0, every N steps (0: not), and after the last step."""

    def __init__(self, every_steps: int) -> None:
        self._every = every_steps
        self._trainer: Any = None
        self._measured = -1

    def attach(self, trainer: OfflineTrainer) -> None:
        """Tell the hook whose rows it measures."""
        self._trainer = trainer

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Measure where training begins."""
        if state.global_step == 0:
            self._measure(state)

    def on_step_end(
        self, _args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Measure now and then, and once training is about to end: before the last checkpoint."""
        ends = state.global_step >= state.max_steps or control.should_training_stop
        if ends or (self._every and state.global_step % self._every == 0):
            self._measure(state)

    def _measure(self, state: TrainerState) -> None:
        if self._measured != state.global_step:
            self._measured = state.global_step
            self._trainer.measure_held_out()


def reference_of(parts: Parts, arguments: Any) -> Any:
    """Return the policy as it is now, or None where TRL can do without a copy.

    An adapter can be switched off, and precomputed log-probabilities need no model. Left to itself
    TRL would load the reference again, by a name that a model loaded from a folder does not have.
    """
    if parts.peft_config is not None or arguments.precompute_ref_log_probs:
        return None
    return copy.deepcopy(parts.policy.model)


def build_offline(trainer_class: Any, parts: Parts, arguments: Any, **extra: Any) -> Any:
    """Return a trainer of TRL's signature, with the callbacks that every one has."""
    held_out = () if parts.held_out is None else (HeldOutCallback(parts.held_out_every_steps),)
    if parts.held_out is not None:
        arguments.per_device_eval_batch_size = arguments.per_device_train_batch_size
    trainer = trainer_class(
        model=parts.policy.model,
        processing_class=parts.policy.tokenizer,
        args=arguments,
        train_dataset=parts.dataset,
        eval_dataset=parts.held_out,
        callbacks=[parts.clock, *parts.callbacks, *held_out],
        **extra,
    )
    trainer.clock = parts.clock
    for callback in held_out:
        callback.attach(trainer)
    return trainer
