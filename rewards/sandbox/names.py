"""Which names tests want from outside: what decides what a program may supply to them."""

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from symtable import SymbolTable, symtable


def used_names(tests: str) -> set[str]:
    """Return the names that tests read from the module's scope and do not define themselves.

    Raises what `symtable` does: `SyntaxError`, `ValueError`, `RecursionError`.
    """
    module = symtable(tests, "<tests>", "exec")
    own = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}
    own |= {
        symbol.get_name()
        for table in _nested(module)
        for symbol in table.get_symbols()
        if symbol.is_declared_global() and symbol.is_assigned()
    }
    read = {
        symbol.get_name()
        for table in _nested(module)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table is module)
    }
    return read - own


def replaced_names(program: str, names: Collection[str]) -> set[str]:
    """Return those of the names that a module binds more than once, or in a function.

    Raises what `ast.parse` does.
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
            bound.update(2 * [s.get_name() for s in table.get_symbols() if s.is_declared_global()])
    return {name for name in names if bound[name] > 1}


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _assigned(statement: ast.stmt) -> set[str]:
    """Names that a statement of a module binds, wherever within it, once each."""
    table = symtable(ast.unparse(statement), "<statement>", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def _nested(table: SymbolTable) -> Iterator[SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _nested(child)
