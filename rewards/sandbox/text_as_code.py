"""Text of a program never becomes code beside its tests.

What a program returns is data, but some of the library takes texts for code: `eval`, `exec`,
`typing.get_type_hints` and `inspect.signature(eval_str=True)`, which evaluate annotations,
`pickle.loads`, and packages (`DataFrame.query`). In the process of the tests such code could report
that they hold. So what the tests evaluate is what stands in their own source; of other texts only
names, types and reckoning with numbers are evaluated.
"""

import ast
import inspect
import sys
import typing
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

_NAMES = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.expr_context)
_SEQUENCES = (ast.Tuple, ast.List, ast.Set, ast.Dict)
_RECKONING = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp)
_OPERATORS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_OF_TYPES = (*_NAMES, *_SEQUENCES, ast.BinOp, ast.BitOr, ast.UnaryOp, ast.USub)
_OF_NUMBERS = (ast.Expression, ast.Constant, *_SEQUENCES, *_RECKONING, *_OPERATORS, ast.Call)
_OF_COLUMNS = (
    *(ast.Module, ast.Expr, ast.Expression, ast.Name, ast.Constant, ast.expr_context),
    *(*_SEQUENCES, *_RECKONING, *_OPERATORS),
)
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


def guard_packages(modules: frozenset[str]) -> None:
    """Let these packages evaluate names and reckoning, and nothing else that the tests have not."""
    if not modules:
        return

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "compile" and (package := _who_compiles()) in modules:
            for evaluation in _of_this_process:
                evaluation.allow_package(package, arguments[0])

    sys.addaudithook(watch)


def _who_compiles() -> str:
    """Return the package that had the text compiled about which an audit hook is asked."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - nothing else tells
    while frame is not None and frame.f_globals.get("__name__") == "ast":
        frame = frame.f_back
    name = "" if frame is None else frame.f_globals.get("__name__")
    return str(name).partition(".")[0]


_of_this_process: list["Evaluation"] = []
"""That of the tests that run, if any do."""


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
        _of_this_process[:] = [self]

    def functions(self) -> dict[str, Any]:
        """Return them by name."""
        return {"eval": self._eval, "exec": self._exec, "compile": self._compile}

    def allow_package(self, package: str, source: Any) -> None:
        """Refuse a text that a package evaluates, if it could do more than reckon."""
        text = source.decode() if isinstance(source, bytes) else source
        if type(text) is str and self._has_written(text):
            return
        try:
            nodes = [*ast.walk(ast.parse(text))] if type(text) is str else []
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return  # it is not compiled either
        if not nodes or not all(isinstance(node, _OF_COLUMNS) for node in nodes):
            self._refuse(f"the tests let {package} evaluate a text that is more than a sum")

    def _has_written(self, text: str) -> bool:
        """Tell whether a text stands in the tests, as pandas writes it anew."""
        self._is_own("")
        wanted = _squeezed(text)
        return any(wanted == _squeezed(own) for own in self._own or ())

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


def _squeezed(text: str) -> str:
    """Write an expression as short as its two spellings, the tests' and that of pandas, agree."""
    words = text.replace("__pd_eval_local_", "").replace("@", "")
    return "".join(words.replace("&", "and").replace("|", "or").split())


def _is_reckoning(node: ast.AST, known: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name)
    if isinstance(node, ast.Name):
        return node.id in known or node.id in _FUNCTIONS
    return isinstance(node, (*_OF_NUMBERS, ast.expr_context))
