"""The calls in the source of tests: their arguments, and how what they return is compared.

A call counts where an assertion compares what it returns as it is: `f(1, [2]) == 3`, `abs(f(1) - 3)
< 1e-6`, `f(1)` alone. Tests that do anything else with it (sort it, look into it, compare it with
another call) ask in a way that no new test can be written in, so these are refused.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from whetstone.evaluation.strengthen.plain import is_plain

DEFAULT_TOLERANCE = 1e-6


class Comparison(StrEnum):
    """How what a call returns is compared."""

    EQUAL = "equal"
    """`f(x) == value`"""

    CLOSE = "close"
    """`abs(f(x) - value) < tolerance`"""

    TRUTH = "truth"
    """`assert f(x)`"""


class UnreadableTestsError(ValueError):
    """Tests to which no test can be added; the message says why, for people."""


@dataclass(frozen=True)
class Arguments:
    """What a call is given: values, of which the last ones have these names."""

    values: tuple[Any, ...]
    names: tuple[str, ...] = ()

    def call(self, called: str) -> str:
        """Return the source of a call with these arguments."""
        unnamed = len(self.values) - len(self.names)
        heads = [""] * unnamed + [f"{name}=" for name in self.names]
        given = (head + repr(value) for head, value in zip(heads, self.values, strict=True))
        return f"{called}({', '.join(given)})"


@dataclass(frozen=True)
class Calls:
    """The calls of one function in the tests.

    Args:
        called: The function, or a path to a method, as an entry point names it.
        inputs: The arguments of those that have plain literals, each once.
        results: Types of what they are compared with, where that is a literal.
        comparison: The weakest way in which a result is compared.
        tolerance: That of `Comparison.CLOSE`, absolute.

    """

    called: str
    inputs: tuple[Arguments, ...]
    results: frozenset[type]
    comparison: Comparison
    tolerance: float = DEFAULT_TOLERANCE


@dataclass(frozen=True)
class _Compared:
    comparison: Comparison
    tolerance: float = 0.0
    result: ast.expr | None = None


def calls_of(tests: str, entry_points: Sequence[str]) -> Calls:
    """Read the calls of the entry point that is called most often.

    Raises `UnreadableTestsError` where its results are compared in ways that cannot be written
    again, or no call has literal arguments.
    """
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableTestsError("its tests are no Python") from error
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    by_point = {point: list(_calls(tree, point.strip())) for point in entry_points}
    if not any(by_point.values()):
        raise UnreadableTestsError("its tests call no entry point by its name")
    called = max(by_point, key=lambda point: len(by_point[point]))
    compared = [
        (call, how)
        for call in by_point[called]
        if not _is_to_raise(call, parents)
        for how in [_compared(call, parents)]
    ]
    if not compared or any(how is None for _, how in compared):
        raise UnreadableTestsError("its tests do more with a result than to compare it")
    given = {repr(found): found for call, _ in compared if (found := _arguments(call)) is not None}
    if not given:
        raise UnreadableTestsError("its tests call with no literal arguments")
    hows = [how for _, how in compared if how is not None]
    return Calls(
        called.strip(),
        tuple(given.values()),
        frozenset(_types(hows)),
        max((how.comparison for how in hows), key=list(Comparison).index),
        max((how.tolerance for how in hows if how.tolerance), default=DEFAULT_TOLERANCE),
    )


def _calls(tree: ast.Module, point: str) -> Iterator[ast.Call]:
    """Yield calls of a function by its name, and by that which a function of checks gives it."""
    checked = {
        node.value.func.id
        for node in tree.body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and [ast.unparse(one) for one in node.value.args] == [point]
    }
    names = {
        node: node.args.args[0].arg
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in checked and len(node.args.args) == 1
    }
    for top in tree.body:
        known = {point, names.get(top, point)} if isinstance(top, ast.FunctionDef) else {point}
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in known:
                yield node


def _is_to_raise(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> bool:
    """Tell a call that stands alone in a `with`, as under `pytest.raises`."""
    statement = parents[call]
    return isinstance(statement, ast.Expr) and isinstance(parents[statement], ast.With)


def _compared(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> _Compared | None:
    """Say how the result of a call is compared; None where something else is done with it."""
    node: ast.AST = call
    above = parents[call]
    found = _Compared(Comparison.TRUTH)
    difference = _difference(call, parents)
    if isinstance(above, ast.Compare) and len(above.ops) == 1:
        other = above.comparators[0] if above.left is call else above.left
        if not isinstance(above.ops[0], ast.Eq) and not _is_constant(above.ops[0], other):
            return None
        node, found = above, _Compared(Comparison.EQUAL, result=other)
    elif difference is not None:
        node, found = difference
    elif isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
        node = above
    return found if _is_asserted(node, parents) else None


def _is_constant(operator: ast.cmpop, other: ast.expr) -> bool:
    """Tell `is None`, `is True` and `is False`, which mean an equal value."""
    return isinstance(operator, ast.Is) and isinstance(other, ast.Constant)


def _difference(
    call: ast.Call, parents: dict[ast.AST, ast.AST]
) -> tuple[ast.AST, _Compared] | None:
    """Read `abs(call - value) < tolerance` and `math.isclose(call, value)`."""
    above = parents[call]
    if isinstance(above, ast.Call) and _last_name(above.func) == "isclose":
        if any(part.arg == "rel_tol" for part in above.keywords):
            return None  # what it allows depends on the value, and the others are told absolutely
        told = [part.value for part in above.keywords if part.arg == "abs_tol"]
        given = [_number(part) for part in told]
        return above, _Compared(Comparison.CLOSE, max(filter(None, given), default=0.0))
    absolute = parents[above] if isinstance(above, ast.BinOp) else None
    if not isinstance(absolute, ast.Call) or _last_name(absolute.func) not in ("abs", "fabs"):
        return None
    assert isinstance(above, ast.BinOp)  # noqa: S101 - as was asked above
    compare = parents[absolute]
    if not isinstance(above.op, ast.Sub) or not isinstance(compare, ast.Compare):
        return None
    if len(compare.ops) != 1 or not isinstance(compare.ops[0], ast.Lt | ast.LtE):
        return None
    return compare, _Compared(Comparison.CLOSE, _number(compare.comparators[0]) or 0.0)


def _is_asserted(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    above = parents[node]
    if isinstance(above, ast.BoolOp) and isinstance(above.op, ast.And):
        above = parents[above]
    return isinstance(above, ast.Assert)


def _arguments(call: ast.Call) -> Arguments | None:
    try:
        values = [ast.literal_eval(part) for part in call.args]
        named = {part.arg: ast.literal_eval(part.value) for part in call.keywords}
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    names = tuple(name for name in named if name is not None)
    values += named.values()
    return Arguments(tuple(values), names) if all(map(is_plain, values)) else None


def _types(compared: Sequence[_Compared]) -> Iterator[type]:
    for how in compared:
        if how.result is not None:
            try:
                yield type(ast.literal_eval(how.result))
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                continue


def _number(node: ast.expr) -> float | None:
    try:
        return float(ast.literal_eval(node))
    except (ValueError, TypeError):
        return None


def _last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))
