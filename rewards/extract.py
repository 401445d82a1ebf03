"""Code out of a completion, in either of the forms that TRL passes to a reward.

Text (a base model that continues code) is cut at the earliest stop string; of a chat answer the
fenced block is taken. `rewards.sandbox.source` does both. A program that does not compile is the
policy's fault, and its reward says so.
"""

from collections.abc import Collection, Sequence

from rewards.base import Completion, Message
from rewards.sandbox.source import PYTHON_MARKS, cut_at_stop, first_block


def extract_code(
    completion: Completion,
    stop: Sequence[str] = (),
    marks: Collection[str] = PYTHON_MARKS,
) -> str:
    """Return the program in a completion.

    Args:
        completion: Text, or messages in the conversational form of TRL. Of several messages (tool
            calls in between) the last one with text is the answer.
        stop: Strings that end a text; they mean nothing in a chat answer.
        marks: What a fenced block of the language is marked with, in lower case.

    """
    if isinstance(completion, str):
        return cut_at_stop(completion, stop)
    return first_block(_answer(completion), marks)


def shown(prompt: str, code: str) -> str:
    """Return the text that a discriminator reads, without its end-of-text token.

    Blank lines around the code are no news about who wrote it.
    """
    return prompt + trimmed(code)


def trimmed(code: str) -> str:
    """Return code without the blank lines before it and the white space behind it."""
    return code.lstrip("\r\n").rstrip()


def _answer(messages: list[Message]) -> str:
    texts = [message.get("content") for message in messages if message.get("role") == "assistant"]
    return next((text for text in reversed(texts) if isinstance(text, str) and text), "")
