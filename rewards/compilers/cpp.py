"""C++, by g++."""

from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.gcc import DEAD, SILENCERS, Gcc
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.compilers.program import Program
from whetstone.rewards.sandbox.compiled.step import Jailer

_STD = '([(identifier) (namespace_identifier)] @std (#eq? @std "std"))'
_INCLUDE = "(preproc_include) @include"
_MAIN = '((function_declarator declarator: (identifier) @main) (#eq? @main "main"))'


class CppCompiler(Gcc):
    """g++."""

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
        super().__init__(jailer, limits, harness, tool="g++", suffix="cpp")


def _complete(program: Program, values: Values) -> str:
    """Use the namespace `std`, unless a program writes `std::` or has its own headers and main."""
    using = values["using"]
    whole = program.find(_INCLUDE, "include") and program.find(_MAIN, "main")
    if not using or whole or program.find(_STD, "std"):
        return program.text
    if program.text.lstrip().startswith("#"):
        return f"{using}\n#line 1\n{program.text}"
    return f"{using} {program.text}"


CPP = Language(
    compiler=CppCompiler,
    grammar="tree_sitter_cpp",
    functions="""[
        (function_definition body: (compound_statement))
        (lambda_expression body: (compound_statement))
    ] @function""",
    example=CodeExample("int answer(int n) {", "return n + 1; }", "return n + m; }", "return 0; }"),
    dead=DEAD,
    silencers=SILENCERS,
    complete=_complete,
)
