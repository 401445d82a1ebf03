"""What is sent to a teacher and what comes back, in no provider's dialect."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_CHARACTERS_PER_TOKEN = 3
"""Fewer than in English or code, so that an estimate is rather too high."""
_HIDDEN_TOKENS = 400
"""What a provider adds to explain tools and schemas to its model."""


@dataclass(frozen=True)
class Usage:
    """Tokens that a provider bills."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Request:
    """One question that is answered by an object of a JSON schema."""

    system: str
    user: str
    name: str
    """What the answer is called: the name of a tool, or of a schema."""
    schema: Mapping[str, Any]
    """JSON schema of the answer, an object without further properties."""
    max_tokens: int
    """Length of the answer, at most."""

    def key(self, sender: Mapping[str, Any]) -> str:
        """Return the address of the answer: a hash of all that it depends on.

        Args:
            sender: Provider, endpoint, model and parameters.

        """
        text = json.dumps({"request": asdict(self), "sender": sender}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def worst_case(self) -> Usage:
        """Estimate from above what this costs."""
        text = self.system + self.user + json.dumps(self.schema)
        return Usage(estimated_tokens(text) + _HIDDEN_TOKENS, self.max_tokens)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    fields: dict[str, Any]
    """The object, not yet checked."""
    usage: Usage | None
    """None where the provider does not say, which is not nothing."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few.

    Outside of ASCII a character may be as many tokens as it has bytes.
    """
    size = len(text.encode(errors="replace"))
    plain = sum(map(str.isascii, text))
    return plain // _CHARACTERS_PER_TOKEN + (size - plain) + 1
