"""C, by gcc."""

from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.gcc import DEAD, SILENCERS, Gcc
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.sandbox.compiled.step import Jailer

_INVALID = ("implicit-function-declaration", "int-conversion", "incompatible-pointer-types")
"""What C has not allowed since 1999, and gcc only warned of before 14."""


class CCompiler(Gcc):
    """gcc, as strict as it is from 14 on: else a snippet could call whatever it made up."""

    flags = tuple(f"-Werror={name}" for name in _INVALID)

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
        super().__init__(jailer, limits, harness, tool="gcc", suffix="c")


C = Language(
    compiler=CCompiler,
    grammar="tree_sitter_c",
    functions="(function_definition body: (compound_statement)) @function",
    example=CodeExample("int answer(int n) {", "return n + 1; }", "return n + m; }", "return 0; }"),
    dead=DEAD,
    silencers=SILENCERS,
)
