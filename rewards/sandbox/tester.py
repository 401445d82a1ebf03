"""Runs the tests of one program statement by statement, and counts them.

What counts as one test: a top-level `assert`; any other top-level statement that asserts, itself
(a loop of asserts) or by calling a function of the tests that does (`check(f)`). Tests in which
nothing asserts count as one, which is passed when its last statement has run. A failed test does
not stop the later ones, so the counts are exact; a failed statement that is no test (an import, a
setup) does, because what follows depends on it.
"""

import ast
import types
from dataclasses import dataclass, replace
from typing import Any

from rewards.sandbox.verdict import Verdict

_MAX_DETAIL = 200


@dataclass(frozen=True)
class Statement:
    """One top-level statement of the tests."""

    code: types.CodeType
    source: str
    is_test: bool


@dataclass(frozen=True)
class Outcome:
    """What a program's own process has to say about it."""

    verdict: Verdict
    detail: str
    passed_tests: int


def compile_tests(tests: str) -> tuple[Statement, ...]:
    """Split tests into statements.

    Raises what `ast.parse` does (`SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`).
    """
    tree = ast.parse(tests)
    checks = _checks(tree)
    statements = [
        Statement(
            compile(ast.Module([node], []), "<tests>", "exec", dont_inherit=True),
            ast.get_source_segment(tests, node) or "",
            not isinstance(node, _DEFINITIONS) and _asserts(node, checks),
        )
        for node in tree.body
    ]
    if statements and not any(statement.is_test for statement in statements):
        statements[-1] = replace(statements[-1], is_test=True)
    return tuple(statements)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _checks(tree: ast.Module) -> set[str]:
    """Names of the functions that assert, themselves or through one another."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    checks: set[str] = set()
    while found := {f.name for f in functions if f.name not in checks and _asserts(f, checks)}:
        checks |= found
    return checks


def _asserts(node: ast.AST, checks: set[str]) -> bool:
    return any(
        isinstance(part, ast.Assert)
        or (isinstance(part, ast.Call) and getattr(part.func, "id", None) in checks)
        for part in ast.walk(node)
    )


def run_tests(statements: tuple[Statement, ...], namespace: dict[str, Any]) -> Outcome:
    """Run the tests in the program's namespace; the first failure gives the verdict."""
    passed, first_failure = 0, None
    for statement in statements:
        failure = _failure(statement, namespace)
        if failure is None:
            passed += statement.is_test
            continue
        first_failure = first_failure or failure
        if failure[0] is Verdict.OUT_OF_MEMORY or not statement.is_test:
            break
    verdict, detail = first_failure or (Verdict.PASSED, "")
    return Outcome(verdict, detail, passed)


def _failure(statement: Statement, namespace: dict[str, Any]) -> tuple[Verdict, str] | None:
    try:
        exec(statement.code, namespace)  # noqa: S102 - running the tests is the purpose
    except AssertionError as error:
        return Verdict.FAILED, one_line(f"{describe(error)} in: {statement.source}")
    except MemoryError:
        return Verdict.OUT_OF_MEMORY, one_line(f"MemoryError in: {statement.source}")
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
        return Verdict.ERROR, one_line(f"{describe(error)} in: {statement.source}")
    return None


def describe(error: BaseException) -> str:
    """Name an exception and its message, even if the program wrote its `__str__`."""
    name = type(error).__name__
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - the message is the program's own code
        message = ""
    return f"{name}: {message}" if message else name


def one_line(text: str) -> str:
    """Cut a text to what fits in a log line."""
    return " ".join(text[: 4 * _MAX_DETAIL].split())[:_MAX_DETAIL]
