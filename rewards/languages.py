"""The names that data sets and fenced blocks have for a language."""

import functools
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

MARKS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "python": frozenset({"python", "py", "ipython"}),
        "c": frozenset({"c", "h"}),
        "cpp": frozenset({"cpp", "c++", "cxx", "cc"}),
        "rust": frozenset({"rust", "rs"}),
        "java": frozenset({"java"}),
        "go": frozenset({"go", "golang"}),
        "javascript": frozenset({"javascript", "js", "node"}),
        "typescript": frozenset({"typescript", "ts"}),
    }
)
"""What a language is called in data sets and at the head of a fenced block, in lower case and
without its version."""

_KEPT = 256
_VERSION = re.compile(r"[\d.]+$")


def language_of(name: str) -> str:
    """Return our name of a language. Raises `ValueError` where it has no compiler here."""
    found = known_language(name)
    if found is None:
        raise ValueError(f"language={name!r}: there is a compiler for {', '.join(MARKS)}")
    return found


@functools.lru_cache(maxsize=_KEPT)
def known_language(name: str) -> str | None:
    """Return our name of a language, also with a version behind it (`python3`, `C++17`)."""
    plain = _VERSION.sub("", name.strip().lower())
    return next((language for language, marks in MARKS.items() if plain in marks), None)


def marks_of(name: str) -> Collection[str]:
    """Return what blocks of a language are marked with; of an unknown language, its own name."""
    language = known_language(name)
    return {name.strip().lower()} if language is None else MARKS[language]
