"""Which names tests want from outside: what decides what a program may supply to them."""

from collections.abc import Iterator
from symtable import SymbolTable, symtable


def used_names(tests: str) -> set[str]:
    """Return the names that tests read from the module's scope and do not define themselves.

    Raises what `symtable` does: `SyntaxError`, `ValueError`, `RecursionError`.
    """
    module = symtable(tests, "<tests>", "exec")
    own = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}
    read = {
        symbol.get_name()
        for table in _nested(module)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table is module)
    }
    return read - own


def _nested(table: SymbolTable) -> Iterator[SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _nested(child)
