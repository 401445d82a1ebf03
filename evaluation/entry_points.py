"""Which names a program has to supply to its tests: what its reference defines and the tests use.

A short list is a defence: a program that may supply any name can replace `isclose` or `sorted`
under the tests. Imports do not count, since the tests must meet the genuine module.
"""

from symtable import symtable

from whetstone.rewards.sandbox.names import used_names


def entry_points(reference: str, tests: str) -> tuple[str, ...]:
    """Return, sorted, the module-level names that `reference` defines and `tests` use.

    Args:
        reference: source of a whole program that is right.
        tests: source of its tests.

    Raises:
        SyntaxError: when either is not Python.

    """
    return tuple(sorted(_defined(reference) & used_names(tests)))


def _defined(source: str) -> set[str]:
    symbols = symtable(source, "<reference>", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}
