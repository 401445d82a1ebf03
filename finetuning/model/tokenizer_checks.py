"""Whether the model can read the rows of a run: asked of its tokenizer, before weights load."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from whetstone.finetuning.errors import Problem

Row = Mapping[str, Any]
_READ = ("prompt", "completion", "chosen", "rejected", "text")
"""The columns that are tokenised; tests and pass rates are not."""
_ADDED = 8
"""Special tokens that a tokenizer may put around a text, generously."""


@dataclass(frozen=True)
class TooLong:
    """Prompts that leave a completion less room than it may take."""

    count: int
    of: int
    longest: int
    """Tokens of the longest prompt."""
    completion: int
    context: int

    @property
    def problem(self) -> Problem:
        """Say so, and what to do about it."""
        return Problem(
            f"algo.args.max_completion_length={self.completion}",
            f"{self.count} of {self.of} prompts leave no room for it: the longest has "
            f"{self.longest} tokens, and the model reads {self.context} with the completion; "
            "lower it, or shorten these prompts or leave them out",
        )


def too_long(
    prompts: Iterable[Any], tokenizer: Any, completion: int, context: int
) -> TooLong | None:
    """Count the prompts after which a completion of full length goes beyond the context."""
    texts = [_as_text(prompt, tokenizer) for prompt in prompts]
    room = context - completion
    # A token is a byte at least, so that most texts need not be looked into.
    doubtful = [text for text in texts if len(text.encode()) + _ADDED > room]
    if not doubtful:
        return None
    lengths = [len(ids) for ids in tokenizer(doubtful)["input_ids"]]
    count = sum(length > room for length in lengths)
    return TooLong(count, len(texts), max(lengths), completion, context) if count else None


def vocabulary_problems(
    setting: str, rows: Iterable[Row], tokenizer: Any, size: int
) -> Iterator[Problem]:
    """Yield that the tokenizer writes tokens for which the model has no embedding.

    Some good models bring a longer vocabulary and never use its end: what counts is what is read.
    """
    if len(tokenizer) <= size:
        return
    marks = (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id)
    texts = chain.from_iterable(_texts(row, tokenizer) for row in rows)
    ids = chain((mark for mark in marks if mark is not None), _ids(texts, tokenizer))
    if (beyond := next((token for token in ids if token >= size), None)) is not None:
        yield Problem(
            setting,
            f"its tokenizer writes `{tokenizer.convert_ids_to_tokens(beyond)}` as token {beyond}, "
            f"and the model knows {size}, from 0 on; save the model's own tokenizer beside it, or "
            f"the model after resize_token_embeddings({len(tokenizer)})",
        )


def _ids(texts: Iterable[str], tokenizer: Any) -> Iterator[int]:
    for text in texts:
        yield from tokenizer(text)["input_ids"]


def _texts(row: Row, tokenizer: Any) -> Iterator[str]:
    if isinstance(row.get("prompt"), list) and tokenizer.chat_template is not None:
        yield _as_text(row["prompt"], tokenizer)
    for column in _READ:
        yield from _strings(row.get(column))


def _strings(value: Any) -> Iterator[str]:
    """Yield the texts in a column, also those of messages."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _as_text(prompt: Any, tokenizer: Any) -> str:
    """Write a prompt of messages the way the model is asked."""
    if isinstance(prompt, str):
        return prompt
    text: str = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    return text
