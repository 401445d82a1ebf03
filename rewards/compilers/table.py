"""The one table of compilers, and the names that data sets have for their languages."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from rewards.compilers.base import Compiler, Limits
from rewards.compilers.c import C
from rewards.compilers.cpp import Cpp
from rewards.compilers.go import Go
from rewards.compilers.java import Java
from rewards.compilers.javascript import JavaScript
from rewards.compilers.python import Python
from rewards.compilers.rust import Rust
from rewards.compilers.typescript import build_typescript
from rewards.sandbox.compiled.step import Jailer

COMPILERS: Mapping[str, Callable[[Jailer, Limits, Mapping[str, Any]], Compiler]] = MappingProxyType(
    {
        "python": Python,
        "c": C,
        "cpp": Cpp,
        "rust": Rust,
        "java": Java,
        "go": Go,
        "javascript": JavaScript,
        "typescript": build_typescript,
    }
)
"""Language to its compiler."""

MARKS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "python": frozenset({"python", "python3", "py"}),
        "c": frozenset({"c", "h"}),
        "cpp": frozenset({"cpp", "c++", "cxx", "cc"}),
        "rust": frozenset({"rust", "rs"}),
        "java": frozenset({"java"}),
        "go": frozenset({"go", "golang"}),
        "javascript": frozenset({"javascript", "js", "node"}),
        "typescript": frozenset({"typescript", "ts"}),
    }
)
"""What a language is called in data sets and at the head of a fenced block, in lower case."""


def language_of(name: str) -> str:
    """Return our name of a language. Raises `ValueError` where it has no compiler here."""
    for language, marks in MARKS.items():
        if name.strip().lower() in marks:
            return language
    raise ValueError(f"language={name!r}: there is a compiler for {', '.join(COMPILERS)}")
