"""Which names tests want from outside: what decides what a program may supply to them."""

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from symtable import SymbolTable, symtable

BY_TEXT = frozenset({"eval", "exec", "globals", "vars", "locals", "__import__"})
"""Builtins through which source may name what it does not mention."""


def used_names(tests: str) -> set[str]:
    """Return the names that tests read from the module's scope and do not define themselves.

    Raises what `symtable` does: `SyntaxError`, `ValueError`, `RecursionError`.
    """
    module = symtable(tests, "<tests>", "exec")
    own = _bound_in(module)
    read = {
        symbol.get_name()
        for table in _nested(module)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table is module)
    }
    return read - own


def imported_modules(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports, by their full names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def module_names(source: str) -> set[str]:
    """Return the names that a module binds. Raises what `symtable` does."""
    return _bound_in(symtable(source, "<module>", "exec"))


def _bound_in(module: SymbolTable) -> set[str]:
    own = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}
    return own | {
        symbol.get_name()
        for table in _nested(module)
        for symbol in table.get_symbols()
        if symbol.is_declared_global() and symbol.is_assigned()
    }


def replaced_names(program: str, names: Collection[str], called: Collection[str]) -> set[str]:
    """Return those of the names that a module binds more than once, or in a function.

    A function may bind what nobody calls: a counter, a cache. Raises what `ast.parse` does.
    """
    tree = ast.parse(program)
    bound = Counter(
        name
        for node in tree.body
        for name in ([node.name] if isinstance(node, _NAMED) else _assigned(node))
    )
    module = symtable(program, "<program>", "exec")
    for table in _nested(module):
        if table is not module:
            declared = {s.get_name() for s in table.get_symbols() if s.is_declared_global()}
            bound.update(2 * sorted(declared.intersection(called)))
    return {name for name in names if bound[name] > 1}


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _assigned(statement: ast.stmt) -> set[str]:
    """Names that a statement of a module binds, wherever within it, once each.

    Not through `ast.unparse` or `symtable`: both give up on an expression that is nested deeply,
    and a program could write one.
    """
    found: set[str] = set()
    ahead: list[ast.AST] = [statement]
    while ahead:
        node = ahead.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add((other or name).partition(".")[0])
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                found.add(name)
                continue  # what it binds within is not the module's
            case ast.Lambda():
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                named = (part for part in ast.walk(node) if isinstance(part, ast.NamedExpr))
                found.update(one.target.id for one in named)
                continue
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                found.add(name)
        ahead += ast.iter_child_nodes(node)
    return found


def _nested(table: SymbolTable) -> Iterator[SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _nested(child)
