"""The key of a teacher: read from the environment when it is needed, and kept nowhere."""

import os
import re

_USABLE = re.compile(r"[!-~]+")
"""What an HTTP header can hold: no blank, no line break, no curly quotation mark."""


def key_of(variable: str) -> str:
    """Return what the variable holds without the blanks around it, which files of keys end with."""
    return os.environ.get(variable, "").strip()


def read_key(variable: str | None) -> str:
    """Return the key; empty where none is needed. Nobody else reads it.

    Raises:
        ValueError: the environment has no such variable, or what it holds is no key.

    """
    if variable is None:
        return ""
    key = key_of(variable)
    if not key:
        raise ValueError(
            f"api_key_env={variable}: the environment has no such variable; export it, or set"
            " api_key_env=null for an endpoint that needs no key"
        )
    if not _USABLE.fullmatch(key):
        raise ValueError(
            f"api_key_env={variable}: its value holds blanks, line breaks or characters that no key"
            " has (a curly quotation mark?); export the key alone"
        )
    return key
