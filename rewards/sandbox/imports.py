"""What tests import: the library, the program itself, or what the sandbox does not have."""

import ast
import sys
from collections.abc import Collection, Iterable, Iterator

PROGRAM_MODULES = frozenset({"solution", "main", "submission"})
"""Names by which tests import the program, as files of tests do."""
_OTHER_NAMES = frozenset({".", "program", "answer", "candidate"})
"""What else data sets call the module of the program, where they import it."""


def imported(tree: ast.Module) -> set[str]:
    """Return the packages that tests import, wherever they do it."""
    return {package for node in ast.walk(tree) for package in _packages(node)}


def missing_imports(nodes: Iterable[ast.AST], packages: Collection[str] = ()) -> Iterator[str]:
    """Say of each import among these nodes that must fail why it does, and what to do.

    Args:
        nodes: Statements of the tests. What they hold is not looked into.
        packages: What can be imported beside the standard library and the program.

    """
    for node in nodes:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for name in _packages(node) if not getattr(node, "level", 0) else ["."]:
            if name not in sys.stdlib_module_names | PROGRAM_MODULES and name not in packages:
                yield f"`{ast.unparse(node)}`: {_why_missing(name)} (line {node.lineno})"


def _why_missing(name: str) -> str:
    if name in _OTHER_NAMES:
        known = ", ".join(sorted(PROGRAM_MODULES))
        return f"the program has other names as a module ({known}); leave the import out"
    return (
        f"there is no module {name} where tests run, so that no program could pass; what is "
        f"installed is made usable by reward.execution.packages=[{name}], and packages=[{name}] of "
        "an evaluation"
    )


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
