"""Whether a model is the one that was measured: its logits after a fixed text.

A loader that turns a row of weights the wrong way round leaves a model that loads, writes and is
worth nothing. So what the measured model says about a fixed text is kept beside the recipes, and a
converted folder has to say the same.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

TEXT = "def mean(numbers):\n    return sum(numbers) / len("
"""What is read: code, in which each token has an expected next one."""
_TOP = 8
_TOLERANCE = 0.02
"""Of a logit. Measured: docs/laptop.md."""


@dataclass(frozen=True)
class Fingerprint:
    """What a model says after `TEXT`."""

    ids: list[int]
    """The tokens of the text, T of them."""
    next_ids: list[int]
    """After each of them the most probable next token, T of them."""
    top_ids: list[int]
    """The most probable tokens after the whole text, the first one first."""
    top_logits: list[float]
    """Their logits."""


def fingerprint(model: Any, tokenizer: Any) -> Fingerprint:
    """Take the fingerprint of a causal language model, in float32 on the CPU."""
    ids = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits_T_V = model(torch.tensor([ids])).logits[0].float()
    top = logits_T_V[-1].topk(_TOP)
    return Fingerprint(
        ids=ids,
        next_ids=logits_T_V.argmax(-1).tolist(),
        top_ids=top.indices.tolist(),
        top_logits=[round(value, 4) for value in top.values.tolist()],
    )


def read_fingerprint(file: Path) -> Fingerprint:
    """Return the fingerprint that was kept of a measured model."""
    return Fingerprint(**json.loads(file.read_text(encoding="utf-8")))


def keep_fingerprint(file: Path, found: Fingerprint) -> None:
    """Write the fingerprint of a measured model, when its recipe is added."""
    file.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")


def difference(expected: Fingerprint, found: Fingerprint) -> str | None:
    """Say how a model differs from the measured one; None where it is the same."""
    if found.ids != expected.ids:
        return f"it reads the text as the tokens {found.ids}, and {expected.ids} are expected"
    if found.next_ids != expected.next_ids:
        places = zip(found.next_ids, expected.next_ids, strict=True)
        apart = sum(one != other for one, other in places)
        return f"after {apart} of {len(expected.ids)} tokens it goes on with another one"
    logits = dict(zip(found.top_ids, found.top_logits, strict=True))
    apart_by = max(
        abs(logits.get(token, float("-inf")) - logit)
        for token, logit in zip(expected.top_ids, expected.top_logits, strict=True)
    )
    return f"a logit differs by {apart_by:.3g}" if apart_by > _TOLERANCE else None
