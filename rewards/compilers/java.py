"""Java, by javac in a JVM that stays: `javax.tools`, to the end of flow analysis."""

from itertools import takewhile
from pathlib import Path

from tree_sitter import Node

from whetstone.rewards.compilers.base import CompileLimits, find, home_of, version_of
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.compilers.program import Program
from whetstone.rewards.compilers.resident.pool import FOLDER, Resident
from whetstone.rewards.sandbox.compiled.step import Jailer

_JVM = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xss16m")


class JavaCompiler(Resident):
    """javac, without annotation processors and without a class path."""

    probe = "class Snippet { java.util.List<String> list; }"

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
        super().__init__(jailer, limits)
        del harness  # it is all in the source
        remedy = "install a JDK: apt install default-jdk-headless"
        javac = find("javac", remedy)
        self.version = version_of(javac)
        # The runtime beside the compiler, whichever else comes first on the PATH.
        home = home_of(javac)
        settings = {str(path.resolve().parent) for path in Path(home, "conf").rglob("*.properties")}
        self.folders = (home, *sorted(settings))
        heap = f"-Xmx{limits.memory_mb}m"
        self.command = (f"{home}/bin/java", heap, *_JVM, "CompileServer.java")
        self.files = {"CompileServer.java": (FOLDER / "CompileServer.java").read_text()}


_TYPES = frozenset(
    {"class_declaration", "interface_declaration", "enum_declaration", "record_declaration"}
    | {"annotation_type_declaration"}
)
_BEFORE = frozenset({"package_declaration", "import_declaration"})
_OF_MEMBERS = frozenset({"static", "private", "protected"})
_FIELD = "local_variable_declaration"  # what a field looks like outside of a class


def _complete(program: Program, values: Values) -> str:
    """Import what is common, and put a class around methods, fields or statements.

    Types that a file may begin with stay outside of it.
    """
    if not values["imports"]:
        return program.text
    imports = " ".join(f"import {path};" for path in values["imports"])
    items = [node for node in program.root.children if "comment" not in node.type]
    before = list(takewhile(_may_begin_a_file, items))
    rest = [node for node in items[len(before) :] if node.type != ";"]
    package = before[0].end_byte if before and before[0].type == "package_declaration" else 0
    first, own, body = program.cut(package, before[-1].end_byte if before else 0)
    if any(map(_is_member, rest)):
        body = f" class Snippet {{ {body}\n}}"
    elif rest:
        body = f" class Snippet {{ void snippet() throws Exception {{ {body}\n}} }}"
    return f"{first} {imports} {own}{body}"


def _may_begin_a_file(node: Node) -> bool:
    return node.type in _BEFORE or (node.type in _TYPES and not _is_member(node))


def _is_member(node: Node) -> bool:
    """Tell what stands in a class alone from statements, of which a local class is one."""
    found = [node] if node.is_error else [one for one in node.children if one.type == "modifiers"]
    words = {word.type for one in found for word in one.children}
    field = node.type == _FIELD and "public" in words
    return node.type == "method_declaration" or field or bool(words & _OF_MEMBERS)


JAVA = Language(
    compiler=JavaCompiler,
    grammar="tree_sitter_java",
    functions="""[
        (method_declaration body: (_)) (constructor_declaration) (static_initializer)
        (compact_constructor_declaration) (lambda_expression body: (block))
    ] @function""",
    example=CodeExample("int answer(int n) {", "return n + 1; }", "return n + m; }", "return 0; }"),
    imports="[(import_declaration) (package_declaration)] @import",  # the rest gets a class
    complete=_complete,
)
