"""Which of the published solutions is the reference: the first that is Python 3.

Some of the others are kept as well, unread: where right programs disagree, no test may decide.
"""

import ast
import warnings
from collections.abc import Iterable

_MORE = 4


def first_python(solutions: Iterable[str]) -> str | None:
    """Return the first solution that parses as this Python does; None where none does."""
    return next((text for text in solutions if text.strip() and is_python(text)), None)


def reference_and_more(solutions: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the first solution that is Python 3, or None, and up to four of the others as found.

    No more are read than are wanted: some problems have thousands.
    """
    reference: str | None = None
    more: dict[str, None] = {}
    for text in solutions:
        if text.strip() and reference is None and is_python(text):
            reference = text
        elif text.strip() and text != reference and len(more) < _MORE:
            more[text] = None
        if reference is not None and len(more) == _MORE:
            break
    return reference, tuple(more)


def is_python(text: str) -> bool:
    """Tell whether a text is Python 3; `print 1`, as older solutions have it, is not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings, which are not ours to mend
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
