"""TypeScript, by its own compiler: types are checked, nothing is emitted.

Up to 5 that is a package with an API, in a Node that stays; from 7 on it is a native program.
"""

import json
from pathlib import Path

from whetstone.rewards.compilers.base import (
    CompileLimits,
    Compiler,
    CompilerVerdict,
    MissingCompilerError,
    find,
    home_of,
    version_of,
)
from whetstone.rewards.compilers.imported_types import allow_imported_types
from whetstone.rewards.compilers.javascript import FLAGS, FUNCTIONS, IMPORTS, REMEDY, server
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.compilers.native_typescript import NativeTypeScript, native_program
from whetstone.rewards.compilers.program import Program
from whetstone.rewards.compilers.resident.pool import Resident
from whetstone.rewards.sandbox.compiled.step import Jailer

_REMEDY = "install it: npm install -g typescript, or apt install node-typescript"


def build_typescript(jailer: Jailer, limits: CompileLimits, harness: Values) -> Compiler:
    """Return the compiler that the `tsc` on the PATH stands for.

    Raises `MissingCompilerError` where there is none, or Node is missing.
    """
    node, tsc = find("node", REMEDY), find("tsc", _REMEDY)
    version = f"TypeScript {version_of(tsc).removeprefix('Version ')}"
    library = Path(home_of(tsc), "lib", "typescript.js")
    if library.is_file():
        return TypeScript(jailer, limits, harness, node, library, version)
    program = native_program(tsc)
    if program is None:
        raise MissingCompilerError(f"{version} has neither {library.name} nor a program; {_REMEDY}")
    return NativeTypeScript(jailer, limits, harness, program, version)


class TypeScript(Resident):
    """The compiler's API, from beside the `tsc` on the PATH."""

    probe = "function f(x: number): number { return x; }"

    def __init__(
        self,
        jailer: Jailer,
        limits: CompileLimits,
        harness: Values,
        node: str,
        library: Path,
        version: str,
    ) -> None:
        super().__init__(jailer, limits)
        self.version = version
        self.folders = (home_of(node), str(library.parents[1]))
        settings = json.dumps({key: harness[key] for key in ("options", "ambient")})
        heap = f"--max-old-space-size={limits.memory_mb}"
        self.command = (node, heap, *FLAGS, "server.js", str(library), settings)
        self.files = {"server.js": server("typescript.js")}

    def check(self, source: str) -> CompilerVerdict:
        """Compile a source, whose modules are not there."""
        return allow_imported_types(super().check(source), source)


def _complete(program: Program, _: Values) -> str:
    """Make a module of it: a script shares its names with the browser's."""
    kinds = {node.type for node in program.root.children}
    is_module = kinds & {"import_statement", "export_statement"}
    return program.text if is_module else f"{program.text}\nexport {{}};\n"


TYPESCRIPT = Language(
    compiler=build_typescript,
    grammar="tree_sitter_typescript:language_typescript",
    functions=FUNCTIONS,
    example=CodeExample(
        *("function answer(n: number): number {", "return n + 1; }", "return n + m; }"),
        "return 0; }",
    ),
    imports=IMPORTS,
    silencers="@ts-(?=nocheck|ignore|expect-error)",
    complete=_complete,
)
