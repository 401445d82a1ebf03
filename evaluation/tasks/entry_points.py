"""Which names a program has to supply to its tests: what its reference defines and the tests use.

A short list is a defence: a program that may supply any name can replace `isclose` or `sorted`
under the tests. Imports do not count, since the tests must meet the genuine module.
"""

from collections.abc import Iterator
from symtable import SymbolTable, symtable


def entry_points(reference: str, tests: str) -> tuple[str, ...]:
    """Return, sorted, the module-level names that `reference` defines and `tests` use.

    Args:
        reference: source of a whole program that is right.
        tests: source of its tests.

    Raises:
        SyntaxError: when either is not Python.

    """
    return tuple(sorted(_defined(reference) & _used(tests)))


def _defined(source: str) -> set[str]:
    symbols = symtable(source, "<reference>", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}


def _used(tests: str) -> set[str]:
    """Names that the tests read from the module's scope and do not define themselves."""
    module = symtable(tests, "<tests>", "exec")
    own = {s.get_name() for s in module.get_symbols() if s.is_assigned() or s.is_imported()}
    read = {
        symbol.get_name()
        for table in _nested(module)
        for symbol in table.get_symbols()
        if symbol.is_global() and symbol.is_referenced()
    }
    return read - own


def _nested(table: SymbolTable) -> Iterator[SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _nested(child)
