"""Whether a program leaves nothing behind in its process that its next run could notice.

Then its inputs may be run one after another in one process (`program.repeats`), for a tenth of what
a process for each costs. The source decides, and about fidelity alone: walls, limits and what
crosses are the same either way. An honest program does what it does in a fresh process where it

- imports only modules without a state that it could change,
- names these only for the functions, classes and constants that they offer, and assigns to nothing
  of theirs,
- has no word by which the interpreter is reached behind the language.

What it defines itself, every run defines anew; `script.repeat` puts back streams, arguments and the
limit of recursion.
"""

import _ast
import importlib
from collections.abc import Callable, Iterator
from typing import Any

_MODULES = frozenset(
    (
        *("array", "bisect", "cmath", "collections", "collections.abc", "dataclasses", "datetime"),
        *("enum", "fractions", "functools", "heapq", "itertools", "math", "numbers", "operator"),
        *("queue", "re", "string", "sys", "textwrap", "typing"),
    )
)
"""`random`, `decimal`, `os` and all others have a state, or reach one."""
_OF_SYS = frozenset(
    (
        *("argv", "exit", "getrecursionlimit", "maxsize", "setrecursionlimit", "version_info"),
        *("stderr", "stdin", "stdout"),
    )
)
_NO_NAMES = frozenset(
    (
        *("breakpoint", "compile", "delattr", "eval", "exec", "getattr", "globals", "help"),
        *("locals", "open", "setattr", "vars"),
        *("Formatter", "attrgetter", "get_type_hints", "make_dataclass", "methodcaller"),
    )
)
_NO_ATTRIBUTES = frozenset(("detach", "fileno", "gi_frame", "raw"))
"""Of streams what only one over a descriptor has, and the way from a generator to its callers."""
_DUNDERS = frozenset(("__init__", "__name__"))


def leaves_none(program: str) -> bool:
    """Whether one process may run a program again and again; False for what is no Python."""
    try:
        tree = compile(program, "", "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    nodes = [*_nodes(tree)]
    reader = _Reader(nodes)
    return all(map(reader.is_harmless, nodes))


def _nodes(tree: _ast.AST) -> Iterator[_ast.AST]:
    """Yield the nodes of a tree; not by `ast`, which every fork of the zygote would carry."""
    found = [tree]
    for node in found:  # it grows meanwhile
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            values = value if isinstance(value, list) else [value]
            found.extend(value for value in values if isinstance(value, _ast.AST))


class _Reader:
    def __init__(self, nodes: list[_ast.AST]) -> None:
        self._modules: dict[str, str] = {}
        """The module that each name stands for."""
        self._taken: set[str] = set()
        """Names of what was taken out of one."""
        for node in nodes:
            if isinstance(node, _ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self._modules[name] = alias.name if alias.asname else name
            elif isinstance(node, _ast.ImportFrom):
                self._taken |= {alias.asname or alias.name for alias in node.names}
        self._bases = {id(node.value) for node in nodes if isinstance(node, _ast.Attribute)}
        """The nodes of which something is named."""
        self._allows: dict[type[_ast.AST], Callable[[Any], bool]] = {
            _ast.Import: lambda node: all(alias.name in _MODULES for alias in node.names),
            _ast.ImportFrom: _may_take,
            _ast.Name: self._may_name,
            _ast.Attribute: self._may_reach,
            _ast.Subscript: self._may_look_up,
            _ast.FunctionDef: lambda node: node.name != "__del__",
            _ast.MatchClass: lambda node: not any(a.startswith("__") for a in node.kwd_attrs),
            _ast.AsyncFunctionDef: lambda _: False,
        }

    def is_harmless(self, node: _ast.AST) -> bool:
        """Whether a program may have a node, wherever it stands."""
        allows = self._allows.get(type(node))
        return allows is None or allows(node)

    def _may_name(self, node: _ast.Name) -> bool:
        if node.id in self._modules:  # for what it has, and never by itself
            return id(node) in self._bases
        is_inner = node.id.startswith("__") and node.id not in _DUNDERS
        return not is_inner and node.id not in _NO_NAMES

    def _may_reach(self, node: _ast.Attribute) -> bool:
        if not isinstance(node.ctx, _ast.Load) and self._is_foreign(node):
            return False
        if isinstance(node.value, _ast.Name) and node.value.id in self._modules:
            return _offers(self._modules[node.value.id], node.attr)
        is_inner = node.attr.startswith("__") and node.attr not in _DUNDERS
        return not is_inner and node.attr not in _NO_ATTRIBUTES

    def _may_look_up(self, node: _ast.Subscript) -> bool:
        return isinstance(node.ctx, _ast.Load) or not self._is_foreign(node)

    def _is_foreign(self, node: _ast.expr) -> bool:
        """Whether a target is part of what the program imports."""
        while isinstance(node, (_ast.Attribute, _ast.Subscript)):
            node = node.value
        return isinstance(node, _ast.Name) and node.id in self._modules.keys() | self._taken


def _may_take(node: _ast.ImportFrom) -> bool:
    module = "" if node.level else node.module or ""
    return all(_offers(module, alias.name) for alias in node.names)


def _offers(module: str, name: str) -> bool:
    """Whether a module is one of ours, and has this for those who import it."""
    if module not in _MODULES or name in _NO_NAMES:
        return False
    if module == "sys":
        return name in _OF_SYS
    found = importlib.import_module(module)
    offered = getattr(found, "__all__", None) or [n for n in vars(found) if not n.startswith("_")]
    return name == "*" or name in offered or f"{module}.{name}" in _MODULES
