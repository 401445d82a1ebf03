"""The one table of compilers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from whetstone.rewards.compilers.base import CompileLimits, Compiler
from whetstone.rewards.compilers.c import C
from whetstone.rewards.compilers.cpp import Cpp
from whetstone.rewards.compilers.go import Go
from whetstone.rewards.compilers.java import Java
from whetstone.rewards.compilers.javascript import JavaScript
from whetstone.rewards.compilers.python import Python
from whetstone.rewards.compilers.rust import Rust
from whetstone.rewards.compilers.typescript import build_typescript
from whetstone.rewards.sandbox.compiled.step import Jailer

COMPILERS: Mapping[str, Callable[[Jailer, CompileLimits, Mapping[str, Any]], Compiler]] = (
    MappingProxyType(
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
)
"""Language to its compiler."""
