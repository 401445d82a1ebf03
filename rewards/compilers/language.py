"""What one language is: its grammar, its compiler and what a snippet of it needs.

The grammar is tree-sitter's, and queries in its own notation say what counts: to read a language
takes no code of ours. What data sets call it stands in `whetstone.rewards.languages`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from whetstone.rewards.compilers.base import CompileLimits, Compiler
from whetstone.rewards.compilers.program import Program
from whetstone.rewards.sandbox.compiled.step import Jailer

Values = Mapping[str, Any]
"""The section of a language in `harness.yaml`."""


@dataclass(frozen=True)
class CodeExample:
    """The parts of a function `answer` with one argument, for those who test judges.

    `head` with a body behind it is a program; of the bodies `right` compiles, `wrong` does not and
    `nothing` only returns a literal.
    """

    head: str
    right: str
    wrong: str
    nothing: str


def _as_it_is(program: Program, _: Values) -> str:
    return program.text


@dataclass(frozen=True)
class Language:
    """All that is known about one language but its names."""

    compiler: Callable[[Jailer, CompileLimits, Values], Compiler]
    grammar: str
    """The module of its tree-sitter grammar, and behind a colon the function that returns it."""
    functions: str
    """Query that captures every function with a body as `function`."""
    example: CodeExample
    comment: str = "//"
    """What a comment of one line begins with."""
    imports: str | None = None
    """Query that captures as `import` what does nothing by itself outside of functions; None where
    nothing outside of them does anything."""
    dead: str | None = None
    """Query that captures as `dead` what may never be compiled, and as `kept` what is all the
    same."""
    silencers: str | None = None
    """Regular expression of the words with which a snippet wishes its compiler quiet."""
    complete: Callable[[Program, Values], str] = _as_it_is
    """Puts around a program what a snippet takes for granted. Nothing is added before the first
    line but in that line, so the compiler's lines are the snippet's."""
