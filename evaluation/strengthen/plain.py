"""Plain data: what compares by its value and can be written down in a test.

Asked of types and not of classes, since an object of the program's own may claim to be a number.
"""

import ast
import math
from collections.abc import Iterator
from typing import Any

_LONGEST = 2000
"""Characters of a value: a longer one would make tests that nobody reads."""


def is_plain(value: Any, deepest: int = 20) -> bool:
    """Tell whether a value is None, a truth value, a finite number, text, or is made of these.

    The source of this function also runs in the sandbox, so it needs nothing but `math`.
    """
    kind = type(value)
    if kind in (bool, int, str, type(None)):
        return True
    if kind is float:
        return math.isfinite(value)
    if not deepest:
        return False
    if kind is dict:
        return all(is_plain(part, deepest - 1) for item in value.items() for part in item)
    return kind in (list, tuple, set) and all(is_plain(part, deepest - 1) for part in value)


def written(value: Any) -> str | None:
    """Return how a plain value is written, such that it is read back equal; None for any other."""
    if not is_plain(value):
        return None
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return None
    return text if len(text) <= _LONGEST and read(text) == value else None


def read(text: str) -> Any:
    """Return the value that a text writes down. Raises what `ast.literal_eval` does."""
    return ast.literal_eval(text)


def fractions(value: Any) -> Iterator[float]:
    """Yield the floating-point numbers in a plain value."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for item in value.items():
            yield from fractions(item)
    elif isinstance(value, list | tuple | set):
        for part in value:
            yield from fractions(part)
