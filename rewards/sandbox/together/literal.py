"""Data that can be written out in source, as JSON: what a comparison takes out of the process.

Nothing else goes: a value of another type stays, and is compared where it is. An instance of a
subclass goes as what lies below it, so a method of the program is never asked.
"""

from collections.abc import Callable
from typing import Any

MAX_DEPTH = 100

_SEQUENCES: dict[type, str] = {tuple: "t", set: "s", frozenset: "f"}


class NotWrittenOutError(Exception):
    """A value that is no such data."""


def encode(  # noqa: PLR0911 - a table in order
    value: Any, plain: Callable[[Any], Any], depth: int = 0
) -> Any:
    """Return the JSON form of a value; `plain` gives what lies below one of another class."""
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is float:
        return value
    if depth > MAX_DEPTH:
        raise NotWrittenOutError("it is nested too deeply")
    if kind is int:
        return {"i": hex(value)}
    if kind is list:
        return [encode(item, plain, depth + 1) for item in value]
    if kind is dict:
        return {"d": [[encode(part, plain, depth + 1) for part in item] for item in value.items()]}
    if kind in _SEQUENCES:
        return {_SEQUENCES[kind]: [encode(item, plain, depth + 1) for item in value]}
    if kind is bytes:
        return {"b": value.hex()}
    if kind is complex:
        return {"c": [value.real, value.imag]}
    below = plain(value)
    if below is value:
        raise NotWrittenOutError(kind.__name__)
    return encode(below, plain, depth + 1)


def decode(data: Any) -> Any:
    """Rebuild a value. Raises `ValueError` or `TypeError` for what `encode` does not write."""
    kind = type(data)
    if kind is list:
        return [decode(item) for item in data]
    if kind is not dict:
        return data
    ((tag, content),) = data.items()
    if tag not in _MAKE:
        raise ValueError("no data")
    return _MAKE[tag](content)


_MAKE: dict[str, Callable[[Any], Any]] = {
    "i": lambda content: int(content, 16),
    "b": bytes.fromhex,
    "c": lambda content: complex(*content),
    "d": lambda content: {decode(key): decode(value) for key, value in content},
    "t": lambda content: tuple(map(decode, content)),
    "s": lambda content: set(map(decode, content)),
    "f": lambda content: frozenset(map(decode, content)),
}
