"""What tests do with objects of a package that cannot be carried to the program or back.

Numbers and arrays of numpy cross; a table of pandas does not. Tests that hand one to the program,
or compare one with what it returns, would punish every right program. Their source decides it.
"""

import ast
from collections.abc import Collection, Iterator

_CROSSES = frozenset({"numpy"})


def why_not(tree: ast.Module, names: Collection[str], packages: Collection[str]) -> str | None:
    """Say what cannot be carried, or None. `names` are those that the program supplies."""
    foreign = dict(_imported(tree, frozenset(packages) - _CROSSES))
    if not foreign:
        return None
    made = {name: foreign[root] for name, root in _assigned(tree) if root in foreign}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = ast.unparse(call.func)
        if called.rpartition(".")[2].startswith("assert_") and root_of(call.func) in foreign:
            return f"they compare by {called}, which would need the program's own objects"
        if root_of(call.func) in names:
            for given in (*call.args, *(keyword.value for keyword in call.keywords)):
                root = root_of(given)
                if package := made.get(root) or (root in foreign and foreign[root]):
                    return f"they pass an object of {package} to {called}"
    return None


def root_of(node: ast.expr) -> str:
    """Return the name at the left end of `name.attribute(...)[...]`; "" where there is none."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _imported(tree: ast.Module, packages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that tests give to a package or its parts, and the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (top := alias.name.partition(".")[0]) in packages:
                    yield alias.asname or top, top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            top = node.module.partition(".")[0]
            names = node.names if top in packages else ()
            yield from ((alias.asname or alias.name, top) for alias in names)


def _assigned(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each variable that is bound to what a call gives, and the root of that call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, root_of(node.value)
