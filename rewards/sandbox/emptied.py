"""A program that makes what it is compared with fit: it empties its argument, and returns nothing.

`assert f(a) == sorted(a)` computes what is expected from `a` after the call. What does not depend
on the order of `a` is the same before and after for a program that sorts in place, so it is
computed twice. What has only grown is not held against a program, which may be asked to add
something, nor is the length of what it may be asked to shorten.
"""

import ast
from collections.abc import Callable
from typing import Any

KEPT = "__kept__"

_OF_ALL = frozenset({"sorted", "sum", "max", "min", "set", "frozenset"})
_ALSO = _OF_ALL | {"len"}
_EXPECTED = (ast.Call, ast.Name, ast.Constant, ast.BinOp, ast.operator, ast.Subscript, ast.UnaryOp)
_OTHER_PARTS = (ast.unaryop, ast.expr_context)
_BOUND_TO_PLACE = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
_ATOMS = frozenset({bool, bytes, complex, float, int, str, type(None)})
_CONTAINERS = frozenset({list, tuple, set, frozenset, dict})
_MOST_CONTAINERS = 1000


def looks_after(statement: ast.stmt) -> ast.expr | None:
    """Return the assertion of a statement that computes what it expects after the call."""
    match statement:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            names = _whole(right)
            calls = any(isinstance(part, ast.Call) for part in ast.walk(left))
            bound = any(isinstance(part, _BOUND_TO_PLACE) for part in ast.walk(left))
            if names and calls and not bound:
                return _twice(names, right, left)
    return None


def _whole(expected: ast.expr) -> list[ast.expr]:
    """Return the variables from which a value is computed whatever their order; none for others."""
    functions: set[int] = set()
    given: list[ast.expr] = []
    tells = False
    for part in ast.walk(expected):
        if isinstance(part, ast.Call):
            if not isinstance(part.func, ast.Name) or part.func.id not in _ALSO or part.keywords:
                return []
            functions.add(id(part.func))
            tells |= part.func.id in _OF_ALL
            given += [argument for argument in part.args if isinstance(argument, ast.Name)]
        elif not isinstance(part, (*_EXPECTED, *_OTHER_PARTS)):
            return []
    known = functions.union(map(id, given))
    names = [part for part in ast.walk(expected) if isinstance(part, ast.Name)]
    return given if tells and all(id(name) in known for name in names) else []


def _twice(names: list[ast.expr], expected: ast.expr, given: ast.expr) -> ast.expr:
    parts = [ast.Tuple(names, ast.Load()), _later(expected), _later(given)]
    return ast.copy_location(ast.Call(ast.Name(KEPT, ast.Load()), parts, []), given)


def _later(value: ast.expr) -> ast.expr:
    return ast.Lambda(ast.arguments([], [], None, [], [], None, []), value)


def kept(
    values: tuple[Any, ...],
    expected: Callable[[], Any],
    given: Callable[[], Any],
    equal: Callable[[Any, Any], Any],
) -> Any:
    """Compare what is given with what is expected, which nobody may have made less meanwhile."""
    if not _are_plain(values):
        return equal(given(), expected())
    try:
        before = expected()
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return equal(given(), expected())
    result, after = given(), expected()
    holds = equal(result, after)
    return holds and (before == after or _has_grown(before, after))


def _has_grown(before: Any, after: Any) -> bool:
    sized = (list, set, frozenset)
    return isinstance(before, sized) and isinstance(after, sized) and len(after) > len(before)


def _are_plain(values: tuple[Any, ...]) -> bool:
    """Whether values can be read again and again, and nobody's own code does it."""
    ahead, looked_at = [values], 0
    while ahead:
        looked_at += 1
        one = ahead.pop()
        parts = [*one, *one.values()] if isinstance(one, dict) else list(one)
        for part in parts:
            if type(part) in _CONTAINERS:
                ahead.append(part)
            elif type(part) not in _ATOMS:
                return False
        if looked_at > _MOST_CONTAINERS:
            return False
    return True
