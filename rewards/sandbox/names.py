"""Which names tests want from outside: what decides what a program may supply to them."""

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from symtable import SymbolTable, symtable


def used_names(tests: str) -> set[str]:
    """Return the names that tests read from the module's scope and do not define themselves.

    Those in source that they evaluate (`eval("f(1)")`) count. Raises what `symtable` does:
    `SyntaxError`, `ValueError`, `RecursionError`.
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
    for source in _evaluated(ast.parse(tests)) if {"eval", "exec"} & read else ():
        read |= used_names(source)
    return read - own


def _evaluated(tree: ast.Module) -> Iterator[str]:
    """Find source that stands in the tests as a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"eval", "exec"}:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and type(first.value) is str:
                yield first.value


def with_attributes(tree: ast.Module) -> set[str]:
    """Return the names of which tests read attributes, as they do of modules."""
    return {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def judging_names(tree: ast.Module, entry_points: Collection[str]) -> set[str]:
    """Return the functions, other than the entry points, that would decide what is right.

    Such a function is a whole condition (`assert allclose(f(2), 5)`), or stands for what an entry
    point is compared with (`f(2) == approx(5)`). From a program it would agree with any answer. A
    name with a capital is a class: what it makes is an object of the program.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert | ast.If | ast.While | ast.IfExp):
            found |= {call for call in map(_called, _conditions(node.test)) if call}
        elif isinstance(node, ast.Compare):
            found |= _compared([node.left, *node.comparators], entry_points)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("assert"):
            conditions = [part for given in node.args for part in _conditions(given)]
            found |= set(map(_called, conditions if len(node.args) == 1 else ()))
            found |= _compared(node.args, entry_points)
    return {name for name in found if name and not name[0].isupper()} - set(entry_points)


def _compared(sides: Collection[ast.expr], entry_points: Collection[str]) -> set[str]:
    """Return what is called on the sides of a comparison with what an entry point gives."""
    others = [side for side in sides if not _calls(side) & set(entry_points)]
    return set() if len(others) == len(sides) else set(map(_called, others))


def _conditions(test: ast.expr) -> Iterator[ast.expr]:
    """Yield what a condition is made of."""
    ahead = [test]
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.BoolOp):
            ahead += node.values
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            ahead.append(node.operand)
        else:
            yield node


def _called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return function.id if isinstance(function, ast.Name) else ""


def _calls(node: ast.expr) -> set[str]:
    return {_called(part) for part in ast.walk(node) if isinstance(part, ast.Call)}


def replaced_names(program: str, names: Collection[str]) -> set[str]:
    """Return those of the names that a module binds more than once, or in a function.

    A plain variable that functions count with (`counter = 0`, `global counter`) is none of them.
    Raises what `ast.parse` does.
    """
    tree = ast.parse(program)
    bound = Counter(name for node in tree.body for name in set(bound_names([node])))
    states = {name for node in tree.body for name in _state(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            bound.update(2 * [name for name in node.names if name not in states])
    return {name for name in names if bound[name] > 1}


def _state(statement: ast.stmt) -> Iterator[str]:
    """Yield the variable that a statement gives a plain value, unless it is spelt as a constant."""
    if isinstance(statement, ast.Assign) and isinstance(statement.value, _LITERALS):
        for target in statement.targets:
            if isinstance(target, ast.Name) and not target.id.isupper():
                yield target.id


_LITERALS = (ast.Constant, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.UnaryOp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that statements of a module bind, wherever within them."""
    ahead = list(nodes)
    while ahead:  # not by recursion: an expression may be deeper than that goes
        node = ahead.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, _SCOPES):
            yield getattr(node, "name", "")
            continue
        elif isinstance(node, _COMPREHENSIONS):
            ahead += [part for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
            continue
        elif name := getattr(node, "name", None) or getattr(node, "rest", None):
            yield name  # what `except ... as` and `match` bind
        ahead += ast.iter_child_nodes(node)


def _nested(table: SymbolTable) -> Iterator[SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _nested(child)
