"""Which part of a text is the program: the one place, for rewards and for measurements.

Text that continues code is cut at the earliest stop string. An answer in prose is not cut: its
first fenced block marked with the language is taken, else its first without a mark, else the whole
text. A block that the token limit left open ends with the text. Prose is never repaired into code.
"""

import re
from collections.abc import Collection, Iterable

PYTHON_MARKS = frozenset({"python", "python3", "py"})
_FENCED = re.compile(
    r"^ {0,3}```[ \t]*(?P<mark>[\w+#]*)[^\n`]*\n(?P<code>.*?)(?:^ {0,3}```|\Z)",
    re.DOTALL | re.MULTILINE,
)


def cut_at_stop(text: str, stop: Iterable[str]) -> str:
    """Cut a text at the earliest of the stop strings, as bigcode-evaluation-harness does."""
    found = [position for string in stop if (position := text.find(string)) >= 0]
    return text[: min(found, default=len(text))]


def first_block(text: str, marks: Collection[str] = PYTHON_MARKS) -> str:
    """Return the first fenced block with one of the marks, without any mark, or the text."""
    blocks = [(match["mark"].lower(), match["code"]) for match in _FENCED.finditer(text)]
    for wanted in (marks, {""}):
        for mark, code in blocks:
            if mark in wanted:
                return code
    return text
