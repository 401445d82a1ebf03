"""What is wrong with the messages of a row, before a chat template meets it in training."""

from collections.abc import Iterator
from typing import Any

_FORM = "expected an object with `role` and `content`"


def wrong_messages(field: str, messages: list[Any]) -> Iterator[str]:
    """Yield why a list of messages cannot be written by a chat template."""
    if not messages:
        yield f"field {field}: no messages"
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            yield f"field {field}[{index}]: {_FORM}"
        elif not _says_something(message):
            yield f"field {field}[{index}]: {_FORM}; found {', '.join(message)}"


def wrong_turns(messages: Any) -> Iterator[str]:
    """Yield why a conversation holds nothing to learn."""
    if isinstance(messages, str):
        yield "field messages: expected a list of messages, found str"
    elif isinstance(messages, list) and not any(
        isinstance(message, dict) and message.get("role") == "assistant" for message in messages[1:]
    ):
        yield "field messages: no message of role assistant after others, so nothing to learn"


def _says_something(message: dict[str, Any]) -> bool:
    """Tell whether a message has content, text or parts; one that calls tools needs none."""
    return isinstance(message.get("content"), str | list) or bool(message.get("tool_calls"))
