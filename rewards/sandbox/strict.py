"""What plain Python lets pass although nothing was asserted, or not about a number.

`for a, b in zip(f(2), [5]): assert a == b` holds for a program that returns nothing, and
`if abs(f(2) - 5) > 1e-6: raise AssertionError` for one that returns NaN; a context manager of the
program can swallow what would keep an assertion from being reached. Nobody means such tests so.
"""

import ast
import operator
from collections.abc import Callable, Collection
from typing import Any

BEYOND = "@beyond"
"""The name of `beyond` in the tests."""

_RAN = "@ran"
_ORDER: dict[type[ast.AST], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ENDING = frozenset({"exit", "quit", "fail"})


def beyond(name: str, left: Any, right: Any) -> Any:
    """Compare, in a condition that is there to fail: a NaN meets it."""
    holds = _OPERATORS[name](left, right)
    return holds or any(type(one) is float and one != one for one in (left, right))  # noqa: PLR0124


class Strict(ast.NodeTransformer):
    """Rewrites tests so that neither is passed; `names` are those of the program."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def visit_For(self, node: ast.For) -> ast.stmt:
        """Have a loop over what the program gives run at least once."""
        self.generic_visit(node)
        if not _asserts(node.body) or not self._calls_program(node.iter):
            return node
        node.body.insert(0, _assignment(value=True))
        return _required(node, "the loop ran", node.body[0])

    def visit_With(self, node: ast.With) -> ast.stmt:
        """Have a block of a context manager of the program run to its end."""
        self.generic_visit(node)
        mentioned = [part for item in node.items for part in ast.walk(item.context_expr)]
        own = any(isinstance(part, ast.Name) and part.id in self._names for part in mentioned)
        if not own or not _asserts(node.body):
            return node
        node.body.append(_assignment(value=True))
        return _required(node, "the block ran to its end", node.body[-1])

    def visit_If(self, node: ast.If) -> ast.stmt:
        """Have a NaN meet a condition that ends the test."""
        self.generic_visit(node)
        if _ends_the_test(node.body[-1]):
            node.test = _including_nan(node.test)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        """Have a NaN meet a condition that must not hold."""
        self.generic_visit(node)
        if isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
            node.test.operand = _including_nan(node.test.operand)
        return node

    def _calls_program(self, node: ast.AST) -> bool:
        return any(
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Name)
            and part.func.id in self._names
            for part in ast.walk(node)
        )


def _required(node: ast.stmt, what: str, mark: ast.stmt) -> ast.stmt:
    """Assert behind a statement that the mark within it was reached."""
    reached = ast.Assert(ast.Name(_RAN, ast.Load()), ast.Constant(f"{what}: it did not"))
    whole = ast.If(ast.Constant(True), [_assignment(value=False), node, reached], [])
    for part in (mark, *whole.body):
        ast.copy_location(part, node)
    return ast.fix_missing_locations(ast.copy_location(whole, node))


def _asserts(body: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Assert) for node in body)


def _ends_the_test(node: ast.stmt) -> bool:
    match node:
        case ast.Raise():
            return True
        case ast.Assert(test=ast.Constant(value=value)):
            return not value
        case ast.Expr(ast.Call(func=function)):
            return getattr(function, "attr", getattr(function, "id", "")) in _ENDING
    return False


def _including_nan(test: ast.expr) -> ast.expr:
    match test:
        case ast.Compare(left=left, ops=[order], comparators=[right]) if type(order) in _ORDER:
            sign = ast.Constant(_ORDER[type(order)])
            call = ast.Call(ast.Name(BEYOND, ast.Load()), [sign, left, right], [])
            return ast.fix_missing_locations(ast.copy_location(call, test))
    return test


def _assignment(*, value: bool) -> ast.stmt:
    return ast.Assign([ast.Name(_RAN, ast.Store())], ast.Constant(value))
