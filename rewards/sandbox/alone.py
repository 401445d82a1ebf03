"""Which statements of the tests have nothing to do with the program: theirs are the tests' faults.

A statement stands alone if nothing that it reads comes from the program, not even through a
function that it calls or an object that an earlier statement has handed to the program. What it
raises it raises for every program. When in doubt a statement does not stand alone: no program may
win a masked completion by what it returns.
"""

import ast
from collections.abc import Collection, Iterable

from rewards.sandbox.names import BY_TEXT

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def standing_alone(statements: Iterable[ast.stmt], names: Collection[str]) -> list[bool]:
    """Tell of each statement whether it stands alone; `names` are those of the program."""
    touched = {*names, *BY_TEXT}
    bodies: dict[str, set[str]] = {}
    together: list[set[str]] = []
    alone = []
    for node in statements:
        if isinstance(node, _FUNCTIONS):
            # Its body runs when it is called, and reads what the names mean then.
            bodies[node.name] = {n for part in node.body for n in _mentioned(part)}
            outside: list[ast.AST] = [*node.decorator_list, node.args]
            read = {name for part in outside for name in _mentioned(part)}
            bound = {node.name}
        else:
            read = bound = _mentioned(node)
        is_alone = not any(_reaches(name, touched, bodies, set()) for name in read)
        if not isinstance(node, _FUNCTIONS):
            together.append(read)  # one of these objects may hold another
        if not is_alone:
            touched |= read | bound
            while more := [group for group in together if not group.isdisjoint(touched)]:
                together = [group for group in together if group.isdisjoint(touched)]
                touched = touched.union(*more)
        alone.append(is_alone)
    return alone


def _reaches(name: str, touched: set[str], bodies: dict[str, set[str]], seen: set[str]) -> bool:
    if name in touched:
        return True
    seen.add(name)
    inside = bodies.get(name, set()) - seen
    return any(_reaches(inner, touched, bodies, seen) for inner in inside)


def _mentioned(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} | {
        part.name for part in ast.walk(node) if isinstance(part, (*_FUNCTIONS, ast.ClassDef))
    }
