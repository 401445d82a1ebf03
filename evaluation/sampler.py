"""What an evaluation asks of a model: texts for prompts.

A protocol, so that a local policy, a server or a list of canned answers is measured alike, and so
that this package imports no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from whetstone.evaluation.prompt import Prompt


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to draw completions; `temperature` 0.0 is greedy decoding, `top_k` 0 keeps every token.

    A sampler may end a completion at any of `stop`, or later: the evaluation cuts it there anyway.
    With `chat` each prompt is put into the model's chat template; text is what a user says.
    """

    n: int
    temperature: float
    top_p: float
    top_k: int
    max_new_tokens: int
    stop: tuple[str, ...]
    seed: int
    chat: bool = False


class Sampler(Protocol):
    """Anything that completes prompts."""

    def __call__(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[list[str]]:
        """Return `params.n` completions for each prompt, in order.

        The texts hold neither the prompt nor the token that ended them. The same prompts and params
        must give the same texts: an interrupted evaluation relies on it.
        """
        ...
