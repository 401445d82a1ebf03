"""Code without fences, between sentences. Told apart by what can never be Python.

Two words beside each other, none of which is a keyword, are prose; so are characters beyond ASCII
outside of strings and comments. Whatever may be code is left alone.
"""

import keyword
import re
from collections.abc import Iterator, Sequence

from whetstone.rewards.extract.strings import string_after

_BEGINS = re.compile(
    r"import\s+\w|from\s+[\w.]+\s+import\b|(?:async\s+)?def\s+\w|class\s+\w+\s*[(:\[]|@\w"
    r"|[^\W\d]\w*\s*(?::[^=]*)?=(?!=)|[rRbBuUfF]{0,2}(?:\"\"\"|''')"
)
_BEGINS_OTHERWISE = re.compile(
    r"#\s*(?:include|define|pragma)\b|//|/\*|(?:import|package|use|using)\s+\S+$|[^\W\d].*[;{}(),>]\s*$"
)
_COMMENT = re.compile(r"\s*#(?!\s*include)")
_TWO_WORDS = re.compile(r"\b([^\W\d]\w*)[ \t]+(?=([^\W\d]\w*))")
_LITERALS = re.compile(r"#.*|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?")
_NEVER_CODE = re.compile(
    r"(?:[-*+>]|\d{1,3}[.)])[ \t]|\*\*|[-=*_]{3,}[ \t]*$"
    r"|[A-Z]\w*:[ \t][^=]*$"
)
_ONE_WORD = re.compile(r"([^\W\d]\w*)[ \t]*[:.!?]?[ \t]*$")
_KEYWORDS = frozenset(keyword.kwlist) | {"match", "case", "type"}
_BETWEEN = frozenset({"in", "is", "not", "and", "or", "if", "else", "for", "as", "import", "async"})


def is_code(lines: Sequence[str], language: str) -> bool:
    """Tell whether these lines, with which an answer begins, are code and nothing else."""
    # What begins with # may be a comment, and may be a heading.
    first = next((line for line in lines if line.strip() and not _COMMENT.match(line)), None)
    if first is None:
        return False
    begins = _BEGINS if language == "python" else _BEGINS_OTHERWISE
    if not first[0].isspace() and begins.match(first) is None:
        return False
    return language != "python" or not any(prose for _, prose in _told_apart(lines))


def runs(text: str) -> list[str]:
    """Return the pieces of Python between the sentences of a text; [] where it has no sentence."""
    found: list[list[str]] = []
    current: list[str] | None = None
    plain = True
    for line, prose in _told_apart(text.split("\n")):
        if prose:
            current, plain = None, False
        elif current is None and _BEGINS.match(line):
            current = []
            found.append(current)
        if current is not None:
            current.append(line)
    return [] if plain else ["\n".join(lines).rstrip() + "\n" for lines in found]


def _told_apart(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is prose. What is in a string or set in is not looked at."""
    state = ""
    for line in lines:
        prose = not state and bool(line) and not line[0].isspace() and _is_prose(line)
        yield line, prose
        state = "" if prose else string_after(line, state)


def _is_prose(line: str) -> bool:
    word = _ONE_WORD.match(line)
    if _NEVER_CODE.match(line) or (word is not None and word[1] not in _KEYWORDS):
        return True
    code = _LITERALS.sub('""', line)
    return not code.isascii() or any(
        first not in _KEYWORDS and second not in _BETWEEN
        for first, second in _TWO_WORDS.findall(code)
    )
