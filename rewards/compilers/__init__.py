"""Asks compilers what they think of snippets that nobody has read.

A snippet is a function or two without its includes, imports or package; a harness puts these
around it. Every compiler runs in the world of its own that compiled programs get: no network, no
file but its own and the toolchain's, bounded processor time and memory. Nothing is ever executed:
compilers stop after type checking. Refuses to call a snippet without content compiled.
"""

from whetstone.rewards.compilers.base import (
    Compilation,
    CompileOutcome,
    Diagnostic,
    MissingCompilerError,
    Severity,
)
from whetstone.rewards.compilers.compilers import Compilers
from whetstone.rewards.compilers.snippet import Snippet
from whetstone.rewards.compilers.table import LANGUAGES
from whetstone.rewards.languages import language_of

__all__ = [
    "LANGUAGES",
    "Compilation",
    "CompileOutcome",
    "Compilers",
    "Diagnostic",
    "MissingCompilerError",
    "Severity",
    "Snippet",
    "language_of",
]
