"""Python, by the interpreter that runs this: compiled to byte code, never run."""

import sys

from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.compilers.resident.pool import FOLDER, Resident
from whetstone.rewards.sandbox.compiled.step import Jailer
from whetstone.rewards.sandbox.isolation.interpreter import readable_paths


class PythonCompiler(Resident):
    """CPython's own `compile`."""

    stops_early = True
    probe = "pass\n"

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
        super().__init__(jailer, limits)
        del harness  # a Python snippet needs none
        self.version = f"Python {sys.version.split()[0]}"
        program = sys.executable
        self.command = (program, "-I", "-S", "server.py")
        self.folders = (*readable_paths(), sys.base_prefix, sys.prefix)
        self.data_bytes = limits.memory_mb << 20
        self.files = {"server.py": (FOLDER / "server.py").read_text()}


PYTHON = Language(
    compiler=PythonCompiler,
    grammar="tree_sitter_python",
    functions="(function_definition) @function",
    example=CodeExample(
        "def answer(n):\n", "    return n + 1\n", "    return n +\n", "    return None\n"
    ),
    comment="#",
    imports="[(import_statement) (import_from_statement) (future_import_statement)] @import",
)
