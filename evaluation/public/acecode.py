"""AceCode-87K (Zeng et al. 2025, arXiv 2502.01718): questions with asserts that a model wrote.

It has no solutions that are known to be right. The function that its asserts call is what a program
has to define.
"""

import ast
import builtins
from collections.abc import Sequence

from whetstone.evaluation.public.problem import PublicProblem, Row, UnjudgeableError

COLUMNS = frozenset({"id", "question", "test_cases"})


def acecode_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    if not row["test_cases"]:
        raise UnjudgeableError("no tests")
    return PublicProblem(
        id=f"acecode/{row['id']}",
        question=row["question"],
        tests="\n".join(row["test_cases"]) + "\n",
        entry_points=_called(row["test_cases"]),
        source=row.get("source") or "",
    )


def _called(asserts: Sequence[str]) -> tuple[str, ...]:
    """Return the functions that every assert calls, builtins apart."""
    calls = [_names(text) for text in asserts]
    return tuple(sorted(set.intersection(*calls) - vars(builtins).keys()))


def _names(text: str) -> set[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnjudgeableError("tests that are no Python") from error
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
