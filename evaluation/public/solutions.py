"""Which of the published solutions is the reference: the first that is Python 3."""

import ast
import warnings
from collections.abc import Iterable


def first_python(solutions: Iterable[str]) -> str | None:
    """Return the first solution that parses as this Python does; None where none does."""
    return next((text for text in solutions if text.strip() and is_python(text)), None)


def is_python(text: str) -> bool:
    """Tell whether a text is Python 3; `print 1`, as older solutions have it, is not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings, which are not ours to mend
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
