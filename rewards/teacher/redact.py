"""Strikes a key out of what a teacher said: answers are stored, and shown."""

from typing import Any

STRUCK = "***"
_LEAST_SECRET = 12
"""What is shorter (`EMPTY`, at a server of one's own) is no secret, but may be in a program."""


def struck_out(found: Any, key: str) -> Any:
    """Return a JSON value, or a text, without the key."""
    if len(key) < _LEAST_SECRET:
        return found
    if isinstance(found, str):
        return found.replace(key, STRUCK)
    if isinstance(found, list):
        return [struck_out(value, key) for value in found]
    if isinstance(found, dict):
        return {struck_out(name, key): struck_out(value, key) for name, value in found.items()}
    return found
