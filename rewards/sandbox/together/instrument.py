"""Rewrites the tests of the second tier, so that the program cannot answer for them.

Each assertion reports that it was reached and keeps its failure, whatever swallows the exception.
Operators and the few calls that compare go through `compare`, names of the program are looked up at
the moment they are used, and expected values that are written out stay here: the code that goes to
the program's process has a number in their place.
"""

import ast
import copy
import functools
import itertools
import marshal
from dataclasses import dataclass
from typing import Any

from whetstone.rewards.sandbox.emptied import KEPT
from whetstone.rewards.sandbox.layouts import EACH
from whetstone.rewards.sandbox.names import bound_names
from whetstone.rewards.sandbox.reached import RAN, WRONG
from whetstone.rewards.sandbox.statements import Tests, UnrunnableTestsError

_KEPT = 256

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
}
# Calls that compare their arguments, by the last part of the name.
_COMPARING = frozenset(
    {"max", "min", "sorted", "index", "count", "remove", "eq", "ne", "lt", "le", "gt", "ge"}
    | {"contains", "countOf", "indexOf", "__eq__", "__ne__", "__contains__", "array_equal"}
    | {"allclose", "array_equiv", "issubset", "issuperset", "isdisjoint", "equals"}
    | {"difference", "intersection", "union", "symmetric_difference", "equal", "not_equal"}
    | {"map", "filter", "starmap", "reduce", "get", "setdefault"}
    | {"takewhile", "dropwhile", "accumulate", "groupby"}
)
# Calls that would let an object answer for the number that it is.
_CONVERTING = frozenset({"abs", "round", "int", "float", "complex", "divmod", "pow"})
_PATCHING = frozenset({"setattr", "delattr", "patch", "object", "setitem"})
_CATCHING = (ast.Try, ast.TryStar, ast.With)
_SWALLOWING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_TOLERANT = frozenset({"approx", "ANY", "call", "Mock", "MagicMock", "sentinel"})
_WRITTEN_OUT = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEFT, _RIGHT = 1, 2
_BY_TEXT = frozenset({"eval", "exec", "compile", "globals", "locals", "vars", "__import__"})
"""Builtins through which source may name what it does not mention, or run unguarded."""
_RENAMED = {EACH: "@each", WRONG: "@beyond", RAN: "@ran", KEPT: "@kept"}
"""What the tests call of ours: under names that no program can write by accident."""


@dataclass(frozen=True)
class Instrumented:
    """Tests as they are run: `statements` are code, `answers` what it was rid of."""

    statements: tuple[str, ...]
    """Marshalled code, in hexadecimal."""
    answers: tuple[Any, ...]
    imports: tuple[str, ...]
    patched: tuple[str, ...]
    """Names of attributes that the tests replace in others' modules and classes."""
    own: tuple[str, ...]
    """Names that the tests bind themselves."""
    must_assert: tuple[bool, ...]
    """Of each statement, whether it cannot end without an assertion having been reached."""
    must_hold: tuple[frozenset[int], ...]
    """Of each statement, the answers that have to be compared here if it holds."""
    may_catch: bool
    """Whether they could catch a failed assertion of their own."""


@functools.lru_cache(maxsize=_KEPT)
def instrument(tests: Tests) -> Instrumented:
    """Rewrite tests. Raises `UnrunnableTestsError` for those that cannot be guarded."""
    nodes = [node for statement in tests.statements for node in statement.nodes]
    parts = [part for node in nodes for part in ast.walk(node)]
    _require_what_can_be_guarded(parts)
    tolerant = any(_name(part) in _TOLERANT for part in parts)
    names = frozenset(tests.names)
    bound = {name for part in parts for name in _bound(part)}
    defined = frozenset(part.name for part in parts if isinstance(part, _DEFINITIONS))
    rewriter = _Rewriter(names, names - bound, defined, tolerant=tolerant)
    codes, must_hold = [], []
    for original in nodes:
        known = len(rewriter.answers)
        node = rewriter.visit(copy.deepcopy(original))
        new = range(known, len(rewriter.answers)) if isinstance(original, ast.Assert) else ()
        must_hold.append(frozenset(new))
        module = ast.Module(node if isinstance(node, list) else [node], [])
        ast.fix_missing_locations(module)
        code = compile(module, "<tests>", "exec", dont_inherit=True)
        codes.append(marshal.dumps(code).hex())
    return Instrumented(
        tuple(codes),
        tuple(rewriter.answers),
        tuple(sorted({name for part in parts for name in _imported(part)})),
        tuple(sorted({name for part in parts for name in _patched(part)})),
        tuple(sorted({*bound_names(nodes), *_declared(parts)})),
        tuple(_must_assert(node, nodes) for node in nodes),
        tuple(must_hold),
        any(isinstance(part, _CATCHING) for part in parts),
    )


def _require_what_can_be_guarded(parts: list[ast.AST]) -> None:
    for part in parts:
        if isinstance(part, ast.Name) and part.id in _BY_TEXT:
            told = f"they call {part.id}, and run beside their program, which it would not survive"
            raise UnrunnableTestsError(told)
        if isinstance(part, ast.MatchClass):
            told = "they match an object of the program against values, and run beside it"
            raise UnrunnableTestsError(told)


def _must_assert(node: ast.stmt, body: list[ast.stmt]) -> bool:
    """Tell whether a statement is an assertion, or calls a function that begins with some.

    Before the assertion of such a function stands nothing that could leave it.
    """
    match node:
        case ast.Assert():
            return True
        case ast.Expr(ast.Call(func=ast.Name(id=name))):
            functions = [f for f in body if isinstance(f, ast.FunctionDef) and f.name == name]
            for inner in functions[-1].body if functions else ():
                if isinstance(inner, ast.Assert):
                    return not functions[-1].decorator_list
                if not isinstance(inner, ast.Expr | ast.Assign | ast.Import | ast.ImportFrom):
                    return False
    return False


def _imported(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports, by their full names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def _declared(parts: list[ast.AST]) -> list[str]:
    return [name for part in parts if isinstance(part, ast.Global) for name in part.names]


def _patched(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return [node.attr]
    if isinstance(node, ast.Call) and _name(node.func) in _PATCHING:
        texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
        return [text.rpartition(".")[2] for text in texts if isinstance(text, str)]
    return []


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Global | ast.Nonlocal):
        return list(node.names)
    if isinstance(node, ast.alias):
        return [(node.asname or node.name).partition(".")[0]]
    name = getattr(node, "name", None)
    return [name] if isinstance(name, str) else []


class _Rewriter(ast.NodeTransformer):
    def __init__(
        self,
        names: frozenset[str],
        looked_up: frozenset[str],
        defined: frozenset[str],
        *,
        tolerant: bool,
    ) -> None:
        self.answers: list[Any] = []
        self._names = names
        self._looked_up = looked_up
        """Those of the names that mean nothing else anywhere in the tests."""
        self._defined = defined
        """Functions and classes of the tests."""
        self._tolerant = tolerant

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        test = self._checked(node.test) or self.visit(node.test)
        failure = ast.Raise(_call("@failed"), None)
        checked = ast.If(ast.UnaryOp(ast.Not(), test), [failure], [])
        return [ast.copy_location(one, node) for one in (ast.Expr(_call("@reached")), checked)]

    def visit_Expr(self, node: ast.Expr) -> Any:
        match node.value:
            case ast.Call(func=ast.Attribute(attr="assertEqual"), args=[left, right, *_]):
                equal = ast.Compare(left, [ast.Eq()], [right])
                return self.visit_Assert(ast.copy_location(ast.Assert(equal, None), node))
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        left, right = node.left, node.comparators[0]
        if len(node.ops) > 1:
            return self._chain(node)
        operator = node.ops[0]
        if isinstance(operator, ast.Is | ast.IsNot):
            return self._visited(node)
        return self._compared(operator, left, right)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if _is_written_out(node):
            return node
        return self._compared(node.op, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AugAssign:
        value = self.visit(node.value)
        if isinstance(node.target, ast.Name):
            value = _call("@against", ast.Name(node.target.id, ast.Load()), value)
        else:
            node.target = self.visit(node.target)
            value = _call("@subject", value)
        node.value = value
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = _name(node.func)
        count = len(node.args) + len(node.keywords) + isinstance(node.func, ast.Attribute)
        compares = name in _COMPARING or (name.startswith("assert") and name != "assertRaises")
        visited = self._visited(node)
        if name in _CONVERTING and isinstance(visited, ast.Call):
            visited.args = [_call("@number", argument) for argument in visited.args]
        if compares and count and isinstance(visited, ast.Call):
            visited.args.insert(0, visited.func)
            visited.func = ast.Name("@call", ast.Load())
        return visited

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [_RENAMED.get(name, name) for name in node.names]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        visited = self._visited(node)
        is_place = isinstance(node.slice, ast.Slice | ast.Constant | ast.Tuple)
        if is_place or not isinstance(node.ctx, ast.Load) or not isinstance(visited, ast.Subscript):
            return visited
        return ast.copy_location(_call("@item", visited.value, visited.slice), node)

    def visit_Set(self, node: ast.Set) -> ast.expr:
        visited = self._visited(node)
        if _is_written_out(node):
            return visited
        elements = ast.Tuple(getattr(visited, "elts", []), ast.Load())
        return ast.Set([ast.Starred(_call("@separate", elements), ast.Load())])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        node.id = _RENAMED.get(node.id, node.id)
        if isinstance(node.ctx, ast.Load) and node.id in self._looked_up:
            return ast.copy_location(_call("@live", ast.Constant(node.id)), node)
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        visited = self.generic_visit(node)
        node.subject = _call("@subject", node.subject)
        return visited

    def visit_Try(self, node: ast.Try) -> ast.AST:
        node.body = self._block(node.body)
        for handler in node.handlers:
            handler.body = [ast.Expr(_call("@caught")), *self._block(handler.body)]
            if handler.type is not None:
                named = any(_name(part) in self._names for part in ast.walk(handler.type))
                kinds = self.visit(handler.type)
                handler.type = _call("@catches", kinds, ast.Constant(named))
        node.orelse, node.finalbody = self._block(node.orelse), self._block(node.finalbody)
        return node

    def visit_With(self, node: ast.With) -> Any:
        names = {_name(part) for item in node.items for part in ast.walk(item.context_expr)}
        node.items = [self._managed(item) for item in node.items]
        node.body = self._block(node.body)
        return node if names.isdisjoint(_SWALLOWING) else [node, ast.Expr(_call("@forgiven"))]

    def _managed(self, item: ast.withitem) -> ast.withitem:
        """Have a block of the program swallow nothing: what is not known to be the tests' own."""
        expression = item.context_expr
        name = _name(expression.func) if isinstance(expression, ast.Call) else ""
        visited = self.visit(item)
        assert isinstance(visited, ast.withitem)  # noqa: S101 - children are visited
        if name not in _SWALLOWING | self._defined:
            visited.context_expr = _call("@manager", visited.context_expr)
        return visited

    def _checked(self, test: ast.expr) -> ast.expr | None:
        """Rewrite `value == expected` where the latter is written out and need not be known."""
        match test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                for value, expected in ((left, right), (right, left)):
                    if _is_written_out(expected):
                        self.answers.append(_value(expected))
                        number = ast.Constant(len(self.answers) - 1)
                        return _call("@check", number, self.visit(value))
        return None

    def _compared(self, operator: ast.AST, left: ast.expr, right: ast.expr) -> ast.expr:
        tolerance = self._tolerance(left, right)
        return _operation(operator, self.visit(left), self.visit(right), tolerance)

    def _chain(self, node: ast.Compare) -> ast.expr:
        """Compare the first two, and go on only if they hold; each operand is evaluated once."""
        if any(isinstance(part, _BOUND_TO_PLACE) for part in ast.walk(node)):
            return self._visited(node)
        operands = [node.left, *node.comparators]
        tolerances = [self._tolerance(a, b) for a, b in itertools.pairwise(operands)]
        visited = [self.visit(operand) for operand in operands]
        names = [f"@{index}" for index in range(len(visited))]
        made: ast.expr | None = None
        for index in reversed(range(1, len(visited))):
            left, right = (ast.Name(names[at], ast.Load()) for at in (index - 1, index))
            held = _operation(node.ops[index - 1], left, right, tolerances[index - 1])
            body = held if made is None else ast.BoolOp(ast.And(), [held, made])
            made = ast.Call(_lambda(names[index], body), [visited[index]], [])
        return ast.Call(_lambda(names[0], made or ast.Constant(True)), [visited[0]], [])

    def _tolerance(self, left: ast.expr, right: ast.expr) -> int:
        """Say which sides may hold an object of the tests that equals several values."""
        return self._tolerant * sum(
            side
            for side, operand in ((_LEFT, left), (_RIGHT, right))
            if isinstance(operand, ast.Name)
            or any(_name(part) in _TOLERANT for part in ast.walk(operand))
        )

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in statements:
            visited = self.visit(statement)
            found += visited if isinstance(visited, list) else [visited]
        return found

    def _visited(self, node: ast.expr) -> ast.expr:
        visited = self.generic_visit(node)
        assert isinstance(visited, ast.expr)  # noqa: S101 - children are visited, not the node
        return visited


_BOUND_TO_PLACE = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


def _operation(operator: ast.AST, left: ast.expr, right: ast.expr, tolerance: int) -> ast.expr:
    sides = ast.Constant(tolerance)
    match operator:
        case ast.Eq():
            return _call("@==", left, right, sides)
        case ast.NotEq():
            return _call("@!=", left, right, sides)
        case ast.In():
            return _call("@in", left, right)
        case ast.NotIn():
            return ast.UnaryOp(ast.Not(), _call("@in", left, right))
    return _call("@operate", ast.Constant(_OPERATORS[type(operator)]), left, right)


def _is_written_out(node: ast.expr) -> bool:
    if not isinstance(node, _WRITTEN_OUT):
        return False
    try:
        _value(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _value(node: ast.expr) -> Any:
    return ast.literal_eval(node)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _lambda(name: str, body: ast.expr) -> ast.Lambda:
    return ast.Lambda(ast.arguments([], [ast.arg(name)], None, [], [], None, []), body)
