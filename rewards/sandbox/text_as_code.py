"""Text of a program never becomes code beside its tests.

What a program returns is data, but some of the library takes texts for code: `eval`, `exec`,
`typing.get_type_hints` and `inspect.signature(eval_str=True)`, which evaluate annotations, and
`pickle.loads`. In the process of the tests such code could report that they hold. So what the tests
evaluate is what stands in their own source; of other texts only names, types and reckoning with
numbers are evaluated.
"""

import ast
import inspect
import sys
import typing
from collections.abc import Callable
from types import CodeType
from typing import Any

_NAMES = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.expr_context)
_SEQUENCES = (ast.Tuple, ast.List, ast.Set, ast.Dict)
_RECKONING = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp)
_OPERATORS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_OF_TYPES = (*_NAMES, *_SEQUENCES, ast.BinOp, ast.BitOr, ast.UnaryOp, ast.USub)
_OF_NUMBERS = (ast.Expression, ast.Constant, *_SEQUENCES, *_RECKONING, *_OPERATORS, ast.Call)
_FUNCTIONS = {
    function.__name__: function
    for function in (
        *(abs, bool, complex, divmod, float, int, len, list, max, min),
        *(pow, range, round, set, sorted, str, sum, tuple),
    )
}
_UNPICKLED = frozenset(
    {"array", "fractions", "decimal", "datetime", "collections", "uuid", "pathlib", "ipaddress"}
)
_REBUILT = frozenset({"copyreg", "_codecs", "builtins"})
_REBUILDERS = frozenset(
    {"_reconstructor", "__newobj__", "encode", "set", "frozenset", "bytearray", "complex", "list"}
    | {"dict", "tuple", "int", "float", "str", "bytes", "bool", "range", "slice", "object"}
)

Refuse = Callable[[str], Any]


def guard_library() -> None:
    """Let the library of this process evaluate annotations that are types, and nothing else."""

    def compile_type(source: str, *rest: Any, **keywords: Any) -> Any:
        _require(source, _OF_TYPES)
        return compile(source, *rest, **keywords)

    def evaluate_type(source: Any, *rest: Any) -> Any:
        if isinstance(source, str):
            _require(source, _OF_TYPES)
        return eval(source, *rest)  # noqa: S307 - names of types

    setattr(typing, "compile", compile_type)  # noqa: B010 - it is a builtin there
    setattr(inspect, "eval", evaluate_type)  # noqa: B010
    sys.addaudithook(_watch_pickle)


def _require(source: str, allowed: tuple[type, ...]) -> None:
    """Raise `TypeError` for a text that is more than that. Raises what `ast.parse` does."""
    for node in ast.walk(ast.parse(source.strip(), mode="eval")):
        if not isinstance(node, allowed):
            raise TypeError(f"{source[:100]!r} is no plain expression")


def _watch_pickle(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "pickle.find_class":
        return
    module, name = arguments
    is_known = module in _UNPICKLED or (module in _REBUILT and name in _REBUILDERS)
    if not is_known or "." in name:
        raise TypeError(f"{module}.{name} is not unpickled beside the tests")


class Evaluation:
    """`eval`, `exec` and `compile` of some tests.

    Args:
        tests: Their source.
        namespace: Their variables.
        refuse: Says that they did what they must not.

    """

    def __init__(self, tests: str, namespace: dict[str, Any], refuse: Refuse) -> None:
        self._tests = tests
        self._namespace = namespace
        self._refuse = refuse
        self._own: set[str] | None = None
        self._compiled: list[CodeType] = []

    def functions(self) -> dict[str, Any]:
        """Return them by name."""
        return {"eval": self._eval, "exec": self._exec, "compile": self._compile}

    def _is_own(self, source: Any) -> bool:
        if isinstance(source, CodeType):
            return any(source is code for code in self._compiled)
        if self._own is None:
            nodes = ast.walk(ast.parse(self._tests))
            texts = (node.value for node in nodes if isinstance(node, ast.Constant))
            self._own = {text for text in texts if type(text) is str}
        return type(source) is str and source in self._own

    def _compile(self, source: Any, *rest: Any, **keywords: Any) -> Any:
        code = compile(source, *rest, **keywords)
        if isinstance(code, CodeType) and self._is_own(source):
            self._compiled.append(code)
        return code

    def _eval(self, source: Any, names: Any = None, variables: Any = None, /) -> Any:
        if self._is_own(source):
            return eval(source, *self._scope(names, variables))  # noqa: S307 - the tests' own
        if not isinstance(source, str):
            self._refuse("the tests evaluate what does not stand in their own source")
        given = [scope for scope in (names, variables) if scope is not self._namespace]
        known = {name for scope in given if scope for name in scope if name[:1] != "_"}
        tree = ast.parse(str.__str__(source).strip(), mode="eval")
        if not all(_is_reckoning(node, known) for node in ast.walk(tree)):
            self._refuse(f"the tests evaluate a text that is more than a sum: {source!r:.100}")
        scope = {name: value for one in given if one for name, value in one.items()}
        return eval(  # noqa: S307 - numbers, and what the tests gave for it
            compile(tree, "<text>", "eval"), scope | {"__builtins__": _FUNCTIONS}
        )

    def _exec(self, source: Any, names: Any = None, variables: Any = None, /) -> None:
        if not self._is_own(source):
            self._refuse("the tests run a text as code that does not stand in their own source")
        exec(source, *self._scope(names, variables))  # noqa: S102 - the tests' own

    def _scope(self, names: Any, variables: Any) -> tuple[Any, Any]:
        if names is not None:
            return names, names if variables is None else variables
        caller = sys._getframe(2)  # noqa: SLF001 - as the builtins do
        return caller.f_globals, caller.f_locals


def _is_reckoning(node: ast.AST, known: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name)
    if isinstance(node, ast.Name):
        return node.id in known or node.id in _FUNCTIONS
    return isinstance(node, (*_OF_NUMBERS, ast.expr_context))
