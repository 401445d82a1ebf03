"""Code style metrics, from the source alone: how it reads, and how deep its loops nest.

Both are estimates, between 0 and 1, and equal sources get equal numbers. They are made for telling
two programs for one task apart, not for grading a program on its own.
"""

import ast
import re
import warnings
from collections.abc import Iterator

_SHORT_NAMES = frozenset("ijknrsxy_")
_LONG_FUNCTION_LINES = 30
_DEEP = 3
_LINEAR_METHODS = frozenset({"count", "index", "remove", "insert"})
_LINEAR_FUNCTIONS = frozenset({"sum", "max", "min", "sorted", "list", "set", "any", "all"})
_SNAKE = re.compile(r"_*[a-z][a-z0-9_]*|[A-Z][A-Z0-9_]*|_+")

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def parses(program: str) -> bool:
    """Tell whether a program is Python, and not empty."""
    return _parse(program) is not None


def readability(program: str) -> float:
    """Return the mean of four shares: documented, annotated, well named, short and shallow.

    Each is over the functions of the program; a program without one is judged by its names only.
    """
    tree = _parse(program)
    if tree is None:
        return 0.0
    functions = [node for node in ast.walk(tree) if isinstance(node, _Function)]
    names = _share(_is_good_name(name) for name in _names(tree))
    if not functions:
        return names / 4
    return (
        _share(ast.get_docstring(function) is not None for function in functions)
        + _share(part for function in functions for part in _annotated(function))
        + names
        + _share(_is_small(function) for function in functions)
    ) / 4


def efficiency(program: str) -> float:
    """Return 1 for at most one loop at a time, 1/2 for a loop within a loop, 1/3 and so on.

    A call that walks a sequence (`x in` is not seen, `sum`, `list.index`) within a loop counts as
    a loop. How often a loop turns is not known: O(n) and O(sqrt(n)) are equal here.
    """
    tree = _parse(program)
    return 0.0 if tree is None else 1 / max(1, _depth(tree))


def _parse(program: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():  # `1if` and the like: a stranger's text, not our business
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if tree.body else None


def _share(facts: Iterator[bool] | list[bool]) -> float:
    known = list(facts)
    return sum(known) / len(known) if known else 1.0


def _annotated(function: _Function) -> Iterator[bool]:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    for argument in arguments:
        if argument.arg not in {"self", "cls"}:
            yield argument.annotation is not None
    yield function.returns is not None


def _names(tree: ast.AST) -> set[str]:
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_stored(n)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return stored | arguments


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _is_good_name(name: str) -> bool:
    return bool(_SNAKE.fullmatch(name)) and (len(name) > 1 or name in _SHORT_NAMES)


def _is_small(function: _Function) -> bool:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    return lines <= _LONG_FUNCTION_LINES and _depth(function) <= _DEEP


def _depth(node: ast.AST) -> int:
    """Return how many loops nest."""
    if isinstance(node, _COMPREHENSIONS):
        own = len(node.generators)
    elif isinstance(node, _LOOPS):
        own = 1
    else:
        own = 0
    below = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    if isinstance(node, ast.Call) and below == 0 and _walks(node):
        return 1  # over its argument; with a comprehension in it, that is the same walk
    return own + below


def _walks(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in _LINEAR_METHODS
    return isinstance(call.func, ast.Name) and call.func.id in _LINEAR_FUNCTIONS
