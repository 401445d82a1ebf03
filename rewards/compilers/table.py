"""The one table of languages, and the names that data sets have for them."""

from collections.abc import Mapping
from types import MappingProxyType

from rewards.compilers.c import C
from rewards.compilers.cpp import CPP
from rewards.compilers.go import GO
from rewards.compilers.java import JAVA
from rewards.compilers.javascript import JAVASCRIPT
from rewards.compilers.language import Language
from rewards.compilers.python import PYTHON
from rewards.compilers.rust import RUST
from rewards.compilers.typescript import TYPESCRIPT

LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "python": PYTHON,
        "c": C,
        "cpp": CPP,
        "rust": RUST,
        "java": JAVA,
        "go": GO,
        "javascript": JAVASCRIPT,
        "typescript": TYPESCRIPT,
    }
)
"""Those that have a compiler here."""


def language_of(name: str) -> str:
    """Return our name of a language. Raises `ValueError` where it has no compiler here."""
    for language, known in LANGUAGES.items():
        if name.strip().lower() in known.marks:
            return language
    raise ValueError(f"language={name!r}: there is a compiler for {', '.join(LANGUAGES)}")
