"""Code out of a completion: the one place that decides which part of a text is the program.

Text (a base model that continues code) is cut at the earliest stop string. A chat answer is not
cut: the first fenced block marked as Python is taken, else the first fenced block without a mark,
else the whole text. A block that the token limit left open ends with the text. Prose is never
repaired into code: a program that does not compile is the policy's fault, and its reward says so.
"""

import re
from collections.abc import Sequence

from rewards.base import Completion, Message

_PYTHON_MARKS = {"python", "python3", "py"}
_FENCED = re.compile(
    r"^ {0,3}```[ \t]*(?P<mark>\w*)[^\n`]*\n(?P<code>.*?)(?:^ {0,3}```|\Z)",
    re.DOTALL | re.MULTILINE,
)


def extract_code(completion: Completion, stop: Sequence[str] = ()) -> str:
    """Return the program in a completion.

    Args:
        completion: Text, or messages in the conversational form of TRL. Of several messages (tool
            calls in between) the last one with text is the answer.
        stop: Strings that end a text; they mean nothing in a chat answer.

    """
    if isinstance(completion, str):
        return cut_at_stop(completion, stop)
    return _first_block(_answer(completion))


def cut_at_stop(text: str, stop: Sequence[str]) -> str:
    """Cut a text at the earliest of the stop strings, as bigcode-evaluation-harness does."""
    found = [position for string in stop if (position := text.find(string)) >= 0]
    return text[: min(found, default=len(text))]


def _answer(messages: list[Message]) -> str:
    texts = [message.get("content") for message in messages if message.get("role") == "assistant"]
    return next((text for text in reversed(texts) if isinstance(text, str) and text), "")


def _first_block(text: str) -> str:
    blocks = [(match["mark"].lower(), match["code"]) for match in _FENCED.finditer(text)]
    for wanted in (_PYTHON_MARKS, {""}):
        for mark, code in blocks:
            if mark in wanted:
                return code
    return text
