"""The one table of compilers."""

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
