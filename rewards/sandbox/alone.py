"""Which statements of the tests have nothing to do with the program: theirs are the tests' faults.

A statement stands alone if all that it reads is pure: builtins that compute, modules of the library
without a state, and what earlier statements bound that stand alone themselves. What it raises it
raises for every program, so that it says nothing about this one. Clocks, output, warnings and
generators of random numbers are not pure, since a program moves them. When in doubt a statement
does not stand alone: no program may win a masked completion by what it does.
"""

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator

_PURE_MODULES = frozenset(
    {"abc", "array", "bisect", "cmath", "collections", "copy", "dataclasses", "enum", "fractions"}
    | {"functools", "heapq", "itertools", "json", "math", "operator", "pathlib", "re", "statistics"}
    | {"string", "typing"}
)
_MOVED = frozenset(
    {"breakpoint", "compile", "delattr", "eval", "exec", "getattr", "globals", "help", "id"}
    | {"input", "locals", "print", "setattr", "vars", "__import__"}
)
_PURE_BUILTINS = frozenset(vars(builtins)) - _MOVED


def standing_alone(statements: Iterable[ast.stmt], names: Collection[str]) -> list[bool]:
    """Tell of each statement whether it stands alone; `names` are those of the program."""
    known = _Pure(names)
    return [known.take(node) for node in statements]


class _Pure:
    """The names that mean the same for every program, as far as the statements were taken."""

    def __init__(self, names: Collection[str]) -> None:
        self._given = _PURE_BUILTINS.difference(names)
        self._names = set(names)
        self._modules: set[str] = set()
        self._related: list[set[str]] = []
        """Names whose objects may hold one another: what happens to one happens to all."""

    def take(self, node: ast.stmt) -> bool:
        """Tell whether the next statement stands alone."""
        read, bound = set(_read(node)), set(_bound(node))
        known = self._given.union(self._modules, bound, *self._related)
        if bound & self._names or not read <= known or not _imports_purely(node):
            self._touch(read | bound)
            return False
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._modules |= bound
        elif own := (read | bound) - self._given - self._modules:
            self._related.append(own)
        return True

    def _touch(self, touched: set[str]) -> None:
        self._modules -= touched
        while reached := [group for group in self._related if not group.isdisjoint(touched)]:
            self._related = [group for group in self._related if group.isdisjoint(touched)]
            touched = touched.union(*reached)
        self._names |= touched - self._given


def _imports_purely(node: ast.stmt) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            modules = [alias.name for alias in part.names]
        elif isinstance(part, ast.ImportFrom):
            modules = ["." if part.level else str(part.module)]
        else:
            continue
        if not all(module.partition(".")[0] in _PURE_MODULES for module in modules):
            return False
    return True


def _read(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds, wherever within it."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.alias):
            yield (part.asname or part.name).partition(".")[0]
        elif isinstance(name := getattr(part, "name", None), str):
            yield name  # of a function, a class, or what a handler caught
