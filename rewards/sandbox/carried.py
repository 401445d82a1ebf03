"""Which tests cannot run apart from their program, told from their source.

Values cross between two processes by their contents. Tests that subclass what the program defines,
hand it objects of their own, capture what it prints or look at what its objects are made of need it
beside them. Source does not tell everything: a reference, where there is one, does (`decide`).
"""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from rewards.sandbox.layouts import PROGRAM_MODULES
from rewards.sandbox.names import BY_TEXT, used_names
from rewards.sandbox.tier import Tier

_KEPT = 4096

_TELLTALE = re.compile(
    r"class |@|redirect_std|std(?:in|out|err)|capsys|patch|Mock|catch_warnings|warns|assertLogs"
    r"|inspect|Type\b|Generator|Coroutine|Awaitable|Iterator|async|await|eval|exec|globals|locals"
    r"|vars|pickle|Namespace|Random|re\.compile|StringIO|BytesIO|__\w+__|import|\bis\b|[A-Z]\w*\("
)
"""Without any of these there is nothing to find: most tests need not be parsed."""

_CAPTURING = {
    **dict.fromkeys(("redirect_stdout", "redirect_stderr"), "capture what the program prints"),
    **dict.fromkeys(("capsys", "capfd"), "capture what the program prints"),
    **dict.fromkeys(("stdin", "stdout", "stderr"), "replace or read a stream of the program"),
    **dict.fromkeys(
        ("patch", "monkeypatch", "Mock", "MagicMock"), "replace what the program calls"
    ),
    **dict.fromkeys(("catch_warnings", "warns", "assertWarns"), "catch the program's warnings"),
    **dict.fromkeys(("assertLogs", "caplog"), "catch the program's log"),
}
_LOOKING = {
    **dict.fromkeys(
        (
            "GeneratorType",
            "Generator",
            "Iterator",
            "FunctionType",
            "MethodType",
            "LambdaType",
            "CoroutineType",
            "Coroutine",
            "Awaitable",
            "AsyncGenerator",
        ),
        "ask what the program's objects are made of",
    ),
    "asyncio": "run the program's coroutines",
    "inspect": "look into the program's functions",
    "pickle": "take the program's objects apart",
}
_PASSING = {
    "SimpleNamespace": "pass the program an object that is no data",
    "Random": "pass the program a generator of random numbers",
    "StringIO": "pass the program a file",
    "BytesIO": "pass the program a file",
    "compile": "pass the program a pattern",
}  # fmt: skip
# What tests use of numpy to compare numbers: EvalPlus does nothing else with it.
_OF_NUMBERS = frozenset(
    {"allclose", "assert_allclose", "assert_almost_equal", "isclose", "isnan", "testing"}
    | {"float16", "float32", "float64", "inf", "nan", "ndarray", "pi"}
)
_SPECIAL = frozenset(
    {"__defaults__", "__kwdefaults__", "__closure__", "__code__", "__globals__", "__wrapped__"}
    | {"__annotations__", "__mro__", "__bases__", "__subclasses__", "__slots__", "__self__"}
    | {"__func__", "__class__", "__cause__", "__context__", "__traceback__", "__missing__"}
)
_PLAIN_TYPES = frozenset({"bool", "bytes", "complex", "dict", "float", "int", "list", "set", "str"})


@dataclass(frozen=True)
class Reason:
    """What tests do that cannot be carried."""

    line: int
    what: str


def tier_of(tests: str) -> Tier:
    """Return the tier that the source of tests asks for."""
    return Tier.TOGETHER if reasons(tests) else Tier.APART


@functools.lru_cache(maxsize=_KEPT)
def reasons(tests: str) -> tuple[Reason, ...]:
    """Return what of the tests cannot be carried; nothing for what is not Python."""
    if not _TELLTALE.search(tests):
        return ()
    try:
        tree = ast.parse(tests)
        names = used_names(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    held = _Held(tree, names)
    parts = list(ast.walk(tree))
    found = {
        Reason(getattr(part, "lineno", 0), what)
        for part in parts
        for what in _found(part, names, held)
    }
    found.update(_of_packages(parts))
    return tuple(sorted(found, key=lambda reason: (reason.line, reason.what)))


def _found(  # noqa: C901 - a table in order
    node: ast.AST, names: set[str], held: "_Held"
) -> Iterator[str]:
    match node:
        case ast.ClassDef():
            yield from _of_class(node, names)
        case ast.AsyncFunctionDef():
            yield "run the program's coroutines"
        case ast.FunctionDef():
            if any(_mentions(one, names) for one in node.decorator_list):
                yield "decorate their functions with the program's"
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            yield from _of_name(name.rpartition(".")[2], is_read=isinstance(node, ast.Attribute))
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in names:
            yield from filter(None, map(held.passing, arguments))
        case ast.BinOp(left=left, right=right) | ast.AugAssign(target=left, value=right):
            if held.made(left) or held.made(right):
                yield "reckon with objects of the program"
        case ast.Compare(left=left, ops=[order, *_], comparators=[right, *_]):
            if isinstance(order, ast.Is | ast.IsNot) and _is_type_name(right):
                yield "ask which type something is"
            elif held.made(left) and held.made(right):
                yield "compare objects of the program"


def _of_name(name: str, *, is_read: bool) -> Iterator[str]:
    yield from (table[name] for table in (_CAPTURING, _LOOKING) if name in table)
    if is_read and name in _SPECIAL:
        yield f"read {name}"
    if name in BY_TEXT:
        yield "name things in texts"


def _of_class(node: ast.ClassDef, names: set[str]) -> Iterator[str]:
    bases = {getattr(base, "attr", getattr(base, "id", "")) for base in node.bases}
    if bases & names:
        yield "subclass a class of the program"
    elif not (node.name.startswith("Test") or any("TestCase" in base for base in bases)):
        yield "have a class of their own, whose objects they may hand to the program"


def _of_packages(parts: list[ast.AST]) -> Iterator[Reason]:
    """Look at what tests use of packages beside the library: numbers cross, arrays do not."""
    aliases: set[str] = set()
    used: list[tuple[int, str]] = []
    for part in parts:
        if isinstance(part, ast.Import):
            foreign = [alias for alias in part.names if _is_foreign(alias.name)]
            aliases |= {(alias.asname or alias.name).partition(".")[0] for alias in foreign}
        elif isinstance(part, ast.ImportFrom) and _is_foreign(part.module or ""):
            used += [(part.lineno, alias.name) for alias in part.names]
    attributes = [part for part in parts if isinstance(part, ast.Attribute)]
    used += [(part.lineno, part.attr) for part in attributes if _root(part) in aliases]
    for line, name in used:
        if name not in _OF_NUMBERS:
            yield Reason(line, "exchange arrays or tables with the program")


def _root(node: ast.Attribute) -> str:
    return node.value.id if isinstance(node.value, ast.Name) else ""


def _is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return not (top in sys.stdlib_module_names or top in PROGRAM_MODULES or top in {"", "pytest"})


class _Held:
    """What the variables of tests hold, as far as one assignment tells."""

    def __init__(self, tree: ast.Module, names: set[str]) -> None:
        self._names = names
        self._values: dict[str, ast.expr] = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and not isinstance(node.value, ast.Name)
        }

    def made(self, node: ast.expr) -> bool:
        """Tell whether it is an object that the tests have made of a class of the program."""
        match self._value(node):
            case ast.Call(func=ast.Name(id=name)):
                return name in self._names and name[:1].isupper()
            case ast.BinOp(left=left, right=right) if left is not node:
                return self.made(left) or self.made(right)
        return False

    def passing(self, node: ast.expr) -> str | None:
        """Say what an argument is that cannot cross."""
        match self._value(node):
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return _PASSING.get(name)
        return None

    def _value(self, node: ast.expr) -> ast.expr:
        return self._values.get(node.id, node) if isinstance(node, ast.Name) else node


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _is_type_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _PLAIN_TYPES
