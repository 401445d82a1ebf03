"""Helpers that stand before the program and that its tests call: the tests get their own copies.

HumanEval's prompts define some (`poly`, `encode_cyclic`). A program that continues such a prompt
can define them anew; if the tests met that definition, it could be made to agree with any answer.
"""

import ast
import functools

from whetstone.rewards.sandbox.names import used_names
from whetstone.rewards.sandbox.scripts.tests import AnyTests

_KEPT = 256
_TESTS_BEGIN = "# the tests begin here"
_ALWAYS_KEPT = (ast.Import, ast.ImportFrom, ast.Assign)


@functools.lru_cache(maxsize=_KEPT)
def with_helpers(prefix: str, tests: AnyTests) -> AnyTests:
    """Put the functions of `prefix` that Python `tests` use before them, and what those need.

    The last statement of the prefix is none: it is what the program goes on with. Nor is a function
    that needs a class of the prefix, whose instances the program has to make. Returns the tests as
    they are where the prefix does not parse.
    """
    if not isinstance(tests, str):
        return tests
    try:
        statements = ast.parse(prefix).body[:-1]
        used = used_names(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tests
    functions = {node.name: node for node in statements if isinstance(node, ast.FunctionDef)}
    classes = {node.name for node in statements if isinstance(node, ast.ClassDef)}
    wanted: set[str] = set()
    for name in used & functions.keys():
        needed = _needed(name, functions)
        if not any(_names(functions[one]) & classes for one in needed):
            wanted |= needed
    if not wanted:
        return tests
    kept = [
        node
        for node in statements
        if isinstance(node, _ALWAYS_KEPT)
        or (isinstance(node, ast.FunctionDef) and node.name in wanted)
    ]
    return "\n".join([*map(ast.unparse, kept), _TESTS_BEGIN, tests])


def lines_before(tests: str) -> int:
    """Return how many lines `with_helpers` has put before tests."""
    lines = tests.splitlines() if _TESTS_BEGIN in tests else []
    return lines.index(_TESTS_BEGIN) + 1 if _TESTS_BEGIN in lines else 0


def _needed(name: str, functions: dict[str, ast.FunctionDef]) -> set[str]:
    """Return the function and those that it calls, through one another."""
    found: set[str] = set()
    ahead = {name}
    while ahead:
        one = ahead.pop()
        found.add(one)
        ahead |= (_names(functions[one]) & functions.keys()) - found
    return found


def _names(function: ast.FunctionDef) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
