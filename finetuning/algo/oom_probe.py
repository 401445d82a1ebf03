"""The OOM probe: the longest batch first, so that a run that does not fit ends at once.

Before the first step on a GPU one pass, forward and backward, is made over the longest batch that
the data and the settings allow, and forgotten again: weights, gradients, figures and random numbers
are as they were.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_COUNTED = ("_metrics", "_total_train_tokens")
"""What TRL's trainers count along the way."""


class Rehearses(Protocol):
    """A trainer that can try its longest batch."""

    def rehearse(self) -> None:
        """Make one pass over it and forget it."""


class LongestFirst(TrainerCallback):
    """Tries the longest batch once everything is on the device."""

    def __init__(self, trainer: Rehearses) -> None:
        self._trainer = trainer

    def on_train_begin(
        self, _args: TrainingArguments, _state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Try it, also when a run is continued: perhaps on a smaller GPU."""
        self._trainer.rehearse()


@contextmanager
def forgotten(trainer: Any) -> Iterator[None]:
    """Undo what a pass leaves behind."""
    state = vars(trainer)
    counted = {name: copy.deepcopy(state[name]) for name in _COUNTED if name in state}
    training = trainer.model.training
    with torch.random.fork_rng():
        try:
            trainer.model.train()
            yield
        finally:
            trainer.model.zero_grad(set_to_none=True)
            trainer.model.train(training)
            state.update(counted)


def longest_rows(dataset: Any, count: int) -> list[dict[str, Any]]:
    """Return the rows with the most tokens, in whatever columns they are."""
    columns = [name for name in dataset.column_names if name.endswith("_ids")]
    lengths = [0] * len(dataset)
    for name in columns:
        lengths = [had + len(ids) for had, ids in zip(lengths, dataset[name], strict=True)]
    order = sorted(range(len(dataset)), key=lambda index: -lengths[index])
    return [dataset[index] for index in (order * count)[:count]]


def longest_prompt(prompts: Any, tokenizer: Any) -> list[int]:
    """Return the token ids of the prompt with the most characters: close, and no second pass."""
    prompt = max(prompts, key=lambda given: len(str(given)))
    if isinstance(prompt, str):
        ids: list[int] = tokenizer(prompt)["input_ids"]
        return ids
    chat: list[int] = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, return_dict=True
    )["input_ids"]
    return chat
