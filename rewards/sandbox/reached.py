"""Tests that were passed because nothing was looked at.

A loop of assertions over what a program gave (`for a, b in zip(f(2), [5]): assert a == b`) asserts
nothing if it gave nothing, and where a test looks for what is wrong (`if abs(f(2) - 5) > 1e-6:
raise`), a NaN is never wrong. So a loop of assertions notes that it ran: tests none of which has
looked at anything are not passed. And where a larger number would be wrong, so is one that cannot
be compared.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

from whetstone.rewards.sandbox.emptied import looks_after

RAN, WRONG = "__ran__", "__wrong__"

_COMPARED: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Gt: ("gt", operator.gt),
    ast.GtE: ("ge", operator.ge),
    ast.Lt: ("lt", operator.lt),
    ast.LtE: ("le", operator.le),
}
_BY_NAME = dict(_COMPARED.values())


def is_loop_of_asserts(statement: ast.stmt) -> bool:
    """Tell whether a statement is a loop that asserts something other than that it never runs."""
    return isinstance(statement, ast.For) and any(map(_asserts, ast.walk(statement)))


def _asserts(part: ast.AST) -> bool:
    """Tell an assertion, or a call of one: `self.assertEqual(...)`."""
    if isinstance(part, ast.Assert):
        return not isinstance(part.test, ast.Constant)
    return isinstance(part, ast.Call) and str(getattr(part.func, "attr", "")).startswith("assert")


def is_function_of_loops(statement: ast.stmt) -> bool:
    """Tell whether a function asserts in loops only, none of which may run."""
    if not isinstance(statement, ast.FunctionDef):
        return False
    others = [part for part in statement.body if not is_loop_of_asserts(part)]
    return len(others) < len(statement.body) and not any(
        isinstance(part, ast.Assert | ast.Raise | ast.With) or _asserts(part)
        for node in others
        for part in ast.walk(node)
    )


def watched(statement: ast.stmt) -> ast.stmt:
    """Make a loop of assertions note that it ran, and a look for what is wrong find a NaN."""
    if isinstance(statement, ast.Assert) and not isinstance(statement.test, ast.UnaryOp):
        return _kept(statement)  # most are, and to walk through them takes its time
    if is_loop_of_asserts(statement):
        _note(statement)
    for part in statement.body if isinstance(statement, ast.ClassDef) else [statement]:
        if isinstance(part, ast.FunctionDef) and is_function_of_loops(part):
            for loop in filter(is_loop_of_asserts, part.body):
                _note(loop)
            part.body.insert(0, ast.copy_location(ast.Global([RAN]), part.body[0]))
    changed: ast.stmt = _LookForWrong().visit(statement)
    return ast.fix_missing_locations(changed)


def _kept(statement: ast.Assert) -> ast.Assert:
    if (twice := looks_after(statement)) is not None:
        statement.test = twice
        ast.fix_missing_locations(statement)
    return statement


def _note(loop: Any) -> None:
    """Have a loop say that it ran."""
    note = ast.Assign([ast.Name(RAN, ast.Store())], ast.Constant(value=True))
    loop.body.insert(0, ast.copy_location(note, loop.body[0]))


class _LookForWrong(ast.NodeTransformer):
    _in_class = False

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if all(map(_fails, node.body)):
            node.test = _asked(node.test)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
            node.test.operand = _asked(node.test.operand)
        return node if self._in_class else _kept(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._visit_within(node, in_class=True)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_within(node, in_class=False)

    def _visit_within(self, node: ast.AST, *, in_class: bool) -> ast.AST:
        """Know whether names are those of a class, which a function within it does not see."""
        before, self._in_class = self._in_class, in_class
        self.generic_visit(node)
        self._in_class = before
        return node


def _fails(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and not statement.test.value
    return isinstance(statement, ast.Raise)


def _asked(test: ast.expr) -> ast.expr:
    if not isinstance(test, ast.Compare) or len(test.ops) > 1 or type(test.ops[0]) not in _COMPARED:
        return test
    name = ast.Constant(_COMPARED[type(test.ops[0])][0])
    call = ast.Call(ast.Name(WRONG, ast.Load()), [name, test.left, test.comparators[0]], [])
    return ast.copy_location(call, test)


def wrong(name: str, left: Any, right: Any) -> Any:
    """Compare two values of which one would be wrong if it compared so: a NaN is."""
    return _has_nan(left) or _has_nan(right) or _BY_NAME[name](left, right)


def _has_nan(value: Any) -> bool:
    """Tell whether a number is a NaN, or any of an array of numpy."""
    if type(value) is not float and type(value).__module__ != "numpy":
        return False
    differs = value != value  # noqa: PLR0124
    return bool(differs.any() if hasattr(differs, "any") else differs)
