"""Calls in a row whose results nobody looks at: they go to the program together.

`s.push(1)` and `s.push(2)` as statements of their own can be asked in one message, and so can a
loop that does nothing else. Nothing is lost by it: no result is looked at, the program still takes
the calls one by one, and it stops at the first that raises. And the program learns nothing by it
that would help: what the tests see next is what it does once it knows all of these calls, as ever.

Refused are calls whose arguments have to be computed, and loops once the program can call the tests
back, since a callback may look at the variable of the loop.
"""

import ast
import builtins
from collections.abc import Collection, Iterable
from typing import Any, Protocol

from whetstone.rewards.sandbox.remote import is_programs

TOGETHER, LATER, NOW = "__together__", "__later__", "__now__"
_MOST = 256
_BODIES = ("body", "orelse", "finalbody")

Call = tuple[tuple[Any, str | None], tuple[Any, ...], dict[str, Any]]
"""What is called (a function, or an object and the name of its method), and with what."""


class Batches(Protocol):
    """What runs calls: the program's side of it."""

    def run(self, calls: list[Call]) -> None: ...  # noqa: D102

    def can_call_back(self) -> bool: ...  # noqa: D102


class Gathered:
    """The functions that stand in for such calls in the source of the tests."""

    def __init__(self, program: Batches) -> None:
        self._program = program
        self._waiting: list[Call] = []

    def functions(self) -> dict[str, Any]:
        """Return them by the names that `gather` writes."""
        return {TOGETHER: self._together, LATER: self._later, NOW: self._now}

    def _together(self, *calls: Call) -> None:
        self._program.run(list(calls))

    def _later(self, *calls: Call) -> None:
        self._waiting += calls
        # A callback may look at the variable of the loop.
        data = all(map(_is_data, [part for _, *given in calls for part in given]))
        if len(self._waiting) >= _MOST or not data or self._program.can_call_back():
            self._now()

    def _now(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._program.run(waiting)


def _is_data(value: Any) -> bool:
    """Tell whether nothing of the tests can be called by way of a value."""
    if isinstance(value, dict):
        return all(map(_is_data, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_data, value))
    return value is None or isinstance(value, str | int | float | bytes) or is_programs(value)


def gather(
    statements: list[ast.stmt], changing: Collection[str], apart: Collection[ast.stmt] = ()
) -> list[list[ast.stmt]]:
    """Return the statements that belong together: calls in a row, and others by themselves.

    `changing` are names that a call may bind anew, so that none is read ahead. Statements `apart`
    stay by themselves.
    """
    groups: list[list[ast.stmt]] = []
    row: list[ast.stmt] = []
    for statement in statements:
        if statement not in apart and _is_call(statement, changing):
            row.append(statement)
            continue
        groups += [row] if row else []
        row = []
        groups.append([statement])
    groups += [row] if row else []
    return groups


def rewrite(group: list[ast.stmt], changing: Collection[str]) -> list[ast.stmt]:
    """Write statements that belong together as one that hands over its calls."""
    if len(group) > 1:
        call = ast.Expr(_call(TOGETHER, [_described(statement) for statement in group]))
        return [_placed(call, group[0], group[-1])]
    (statement,) = group
    if _is_loop(statement, changing):
        return [_loop(statement)]
    for name in _BODIES:
        inner = getattr(statement, name, None)
        if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
            groups = gather(inner, changing)
            setattr(statement, name, [new for one in groups for new in rewrite(one, changing)])
    for handler in getattr(statement, "handlers", ()):
        rewrite([handler], changing)
    return group


def _loop(statement: Any) -> ast.stmt:
    later = ast.Expr(_call(LATER, [_described(call) for call in statement.body]))
    statement.body = [_placed(later, statement.body[0], statement.body[-1])]
    now = ast.Expr(_call(NOW, []))
    ast.copy_location(now, statement)
    whole: ast.stmt = _placed(ast.Try([statement], [], [], [now]), statement, statement)
    return whole


def _placed(new: Any, first: ast.stmt, last: ast.stmt) -> Any:
    ast.copy_location(new, first)
    new.end_lineno, new.end_col_offset = last.end_lineno, last.end_col_offset
    return ast.fix_missing_locations(new)


def _call(name: str, arguments: Iterable[ast.expr]) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _described(statement: Any) -> ast.expr:
    """Write a call as a value: what is called, and with what."""
    call = statement.value
    owner: Any = call.func
    name = None
    if isinstance(owner, ast.Attribute):
        owner, name = owner.value, owner.attr
    called = ast.Tuple([owner, ast.Constant(name)], ast.Load())
    names: list[ast.expr | None] = [ast.Constant(keyword.arg) for keyword in call.keywords]
    keywords = ast.Dict(names, [keyword.value for keyword in call.keywords])
    return ast.Tuple([called, ast.Tuple(call.args, ast.Load()), keywords], ast.Load())


def _is_loop(statement: ast.stmt, changing: Collection[str]) -> bool:
    """Tell whether a loop over plain numbers or values does nothing but call."""
    return (
        isinstance(statement, ast.For)
        and not statement.orelse
        and isinstance(statement.target, ast.Name)
        and _is_known_ahead(statement.iter)
        and all(_is_call(inner, changing) for inner in statement.body)
    )


def _is_known_ahead(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        is_range = isinstance(node.func, ast.Name) and node.func.id == "range"
        return is_range and not node.keywords and all(map(_is_still, node.args))
    return isinstance(node, ast.List | ast.Tuple | ast.Constant) and _is_still(node)


def _is_call(statement: ast.stmt, changing: Collection[str]) -> bool:
    """Tell whether a statement is a call whose arguments need no computing."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    called = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    if not isinstance(called, ast.Name) or called.id in _BUILTINS:
        return False
    arguments = [*call.args, *(word.value for word in call.keywords)]
    if any(getattr(part, "id", "") in changing for one in arguments for part in ast.walk(one)):
        return False
    return all(map(_is_still, arguments)) and all(word.arg is not None for word in call.keywords)


_BUILTINS = frozenset(vars(builtins))
"""Some look at whoever calls them (`exec`), so none is called from elsewhere."""


def _is_still(node: ast.expr) -> bool:
    """Tell whether an expression may as well be read before the calls in front of it."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Dict):
        named = all(isinstance(key, ast.Constant) for key in node.keys)
        return named and all(map(_is_still, node.values))
    if isinstance(node, ast.List | ast.Tuple):
        return all(map(_is_still, node.elts))
    return isinstance(node, ast.Constant | ast.Name)
