"""JavaScript, by V8's parser in a Node that stays. It knows syntax; names are found when run."""

from whetstone.rewards.compilers.base import CompileLimits, find, home_of, version_of
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.compilers.resident.pool import FOLDER, Resident
from whetstone.rewards.sandbox.compiled.step import Jailer

REMEDY = "install it: apt install nodejs, or https://nodejs.org"


FLAGS = ("--no-warnings", "--openssl-config=/dev/null")
"""Its configuration for OpenSSL may lie anywhere, and is not for snippets."""


class JavaScriptCompiler(Resident):
    """Node's `vm`, which parses scripts and modules without running them."""

    probe = "function f() { return 1; }"

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
        super().__init__(jailer, limits)
        del harness  # a script needs none
        node = find("node", REMEDY)
        self.version = f"Node {version_of(node)}"
        self.folders = (home_of(node),)
        heap = f"--max-old-space-size={limits.memory_mb}"
        self.command = (node, heap, *FLAGS, "--experimental-vm-modules", "server.js")
        self.files = {"server.js": server("javascript.js")}


def server(script: str) -> str:
    """Return a script behind the frame that it speaks."""
    return (FOLDER / "frames.js").read_text() + (FOLDER / script).read_text()


FUNCTIONS = """[
    (function_declaration) (function_expression) (generator_function)
    (generator_function_declaration) (method_definition) (class_static_block)
    (arrow_function body: (statement_block))
] @function"""
IMPORTS = "(import_statement) @import"

JAVASCRIPT = Language(
    compiler=JavaScriptCompiler,
    grammar="tree_sitter_javascript",
    functions=FUNCTIONS,
    example=CodeExample("function answer(n) {", "return n + 1; }", "return n + ; }", "return 0; }"),
    imports=IMPORTS,
)
