"""Whether two models say the same: the gate between a merged model and its adapter.

Merging is where a model silently becomes another one: a rounded base, a forgotten scale, a number
format that swallows a small update. Both models read the same texts, and their predictions for
every next token are compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

# Code, docstrings and prose, for any vocabulary; a policy for code is compared where it is used.
TEXTS = (
    """\
def add(a, b):
    return a + b
""",
    """\
Write a function f(nums) to return the sum of the squares of the even numbers in nums.
def f(nums):
    return sum(x * x for x in nums if x % 2 == 0)
""",
    """\
from collections import Counter


def most_common(words):
    # The word that occurs most often.
    return Counter(words).most_common(1)[0][0]
""",
    """\
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)
""",
    """\
for i in range(10):
    if i % 3 == 0:
        print(i)
""",
)
_MOST_TOKENS = 128


@dataclass(frozen=True)
class Parity:
    """How far two models are apart."""

    max_logit_difference: float
    """The largest difference of two logits, anywhere."""
    kl: float
    """Mean over the tokens of KL(first || second), in nats."""

    def within(self, most_kl: float) -> bool:
        """Tell whether the models are the same for our purposes; NaN never is."""
        return self.kl <= most_kl


def predictions(model: Any, tokenizer: Any, texts: Sequence[str] = TEXTS) -> list[torch.Tensor]:
    """Return the logits of each text, on the CPU in float32, of shape (T, V).

    The model predicts as it does when it is used, without dropout; its mode is restored.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = [
            model(input_ids=_ids(tokenizer, text).to(model.device)).logits[0].float().cpu()
            for text in texts
        ]
    model.train(was_training)
    return logits


def compare(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> Parity:
    """Compare the logits of the same texts, each of shape (T, V)."""
    differences, kls = [], []
    for one_TV, two_TV in zip(first, second, strict=True):
        differences.append((one_TV - two_TV).abs().max())
        # In double precision: in float32 the rounding of log-probabilities is larger than the
        # divergence of a good merge, which can then come out negative.
        p_TV, q_TV = one_TV.double().log_softmax(-1), two_TV.double().log_softmax(-1)
        kls.append((p_TV.exp() * (p_TV - q_TV)).sum(-1))
    return Parity(float(torch.stack(differences).max()), float(torch.cat(kls).mean()))


def _ids(tokenizer: Any, text: str) -> torch.Tensor:
    return torch.tensor([tokenizer(text)["input_ids"][:_MOST_TOKENS]])
