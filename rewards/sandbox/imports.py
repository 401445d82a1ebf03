"""What tests import: the library, the program itself, or what the sandbox does not have."""

import ast
import sys
from collections.abc import Iterator

PROGRAM_MODULES = frozenset({"solution", "main", "submission"})
"""Names by which tests import the program, as files of tests do."""


def imported(tree: ast.Module) -> set[str]:
    """Return the packages that tests import, wherever they do it."""
    return {package for node in ast.walk(tree) for package in _packages(node)}


def missing(tree: ast.Module, packages: frozenset[str] = frozenset()) -> set[str]:
    """Return those that tests import before anything else, and that are not to be had here.

    `packages` are to be had beside the library.
    """
    found = {package for node in tree.body for package in _packages(node)}
    return found - sys.stdlib_module_names - PROGRAM_MODULES - packages


def names_of_program(tree: ast.Module) -> set[str]:
    """Return the names that tests take from a module which is the program."""
    modules: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in PROGRAM_MODULES:
            names |= {alias.name for alias in node.names if alias.name != "*"}
        elif isinstance(node, ast.Import):
            modules |= {a.asname or a.name for a in node.names if a.name in PROGRAM_MODULES}
    return names | {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in modules
    }


def _packages(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]
