"""What tests do that cannot be carried between two processes, as far as their source tells.

Such tests would punish every right program, so they judge none. It is decided by the tests alone:
no program can bring it about.
"""

import ast
from collections.abc import Collection, Iterator

_ABOVE_ALL = frozenset({"object", "ABC", "Generic", "Protocol"})


def why_not(tree: ast.Module, names: Collection[str]) -> str | None:
    """Say what cannot be carried, or None. `names` are those that the program supplies."""
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for definition in classes.values():
        bases = {base.id for base in definition.bases if isinstance(base, ast.Name)}
        if derived := bases & set(names) - classes.keys():
            return f"they derive a class from {min(derived)}, which is the program's"
    own = {name for name, node in classes.items() if _is_of_objects(node)}
    made = _own_names(tree, own)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            for given in node.args:
                if _makes(given, own) or (isinstance(given, ast.Name) and given.id in made):
                    return f"they pass an object of a class of their own to {node.func.id}"
    return None


def replaces(tree: ast.Module) -> bool:
    """Tell whether tests put something in the place of what the program calls in its process."""
    if not any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body):
        return False
    if any(isinstance(node, ast.Attribute) and _is_input(node) for node in ast.walk(tree)):
        return True
    modules = {name for node in tree.body for name in _mocks(node)}
    return bool(modules) and any(
        getattr(node, "attr", getattr(node, "id", "")) == "patch" for node in ast.walk(tree)
    )


def _is_input(node: ast.Attribute) -> bool:
    """Tell `sys.stdin = ...`: what a program prints is carried, what it reads is not."""
    return node.attr == "stdin" and isinstance(node.ctx, ast.Store)


def _mocks(node: ast.stmt) -> Iterator[str]:
    """Yield the names under which a statement imports `unittest.mock` or its `patch`."""
    if isinstance(node, ast.ImportFrom) and node.module in {"unittest", "unittest.mock", "mock"}:
        yield from (alias.name for alias in node.names if alias.name in {"mock", "patch"})
    elif isinstance(node, ast.Import):
        yield from (a.name for a in node.names if a.name in {"unittest.mock", "mock"})


def _is_of_objects(node: ast.ClassDef) -> bool:
    """Tell whether instances of a class are nothing but objects: no data and no exceptions."""
    return not node.keywords and all(
        isinstance(base, ast.Name) and base.id in _ABOVE_ALL for base in node.bases
    )


def _own_names(tree: ast.Module, own: Collection[str]) -> set[str]:
    """Return the variables that are only ever bound to new objects of these classes."""
    values: dict[str, list[ast.expr]] = {}
    for name, value in _assigned(tree):
        values.setdefault(name, []).append(value)
    return {name for name, found in values.items() if all(_makes(value, own) for value in found)}


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _makes(value: ast.expr, own: Collection[str]) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in own
