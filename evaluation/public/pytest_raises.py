"""Tests that import pytest for `pytest.raises` alone, which the library can do as well.

So they are judged where pytest is not one of the packages of the sandbox. What uses anything else
of pytest (fixtures, marks, `approx`) stays what it is, as does what asks for the exception itself.
"""

import ast


def without_pytest(tests: str) -> str:
    """Return tests that expect exceptions by `unittest`; where that is not the same, the tests."""
    if "pytest" not in tests:
        return tests
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tests
    imports = [node for node in tree.body if _imports_pytest(node)]
    raising = _raising(tree)
    uses = sum(isinstance(n, ast.Name) and n.id in ("pytest", "unittest") for n in ast.walk(tree))
    if not imports or uses != len(raising):
        return tests
    for call in raising:
        matched = "Regex" if call.keywords else ""
        call.func = ast.parse(f"unittest.TestCase().assertRaises{matched}", mode="eval").body
        call.args, call.keywords = [*call.args, *(one.value for one in call.keywords)], []
    head = ast.parse("import unittest").body
    kept = [node for node in tree.body if node not in imports]
    return ast.unparse(ast.Module([*head, *kept], [])) + "\n"


def _imports_pytest(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import) and [(one.name, one.asname) for one in node.names] == [
        ("pytest", None)
    ]


def _raising(tree: ast.Module) -> list[ast.Call]:
    """Return the calls `with pytest.raises(kind):` or `(kind, match=text):` that name nothing."""
    return [
        item.context_expr
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for item in node.items
        if item.optional_vars is None
        and isinstance(item.context_expr, ast.Call)
        and ast.unparse(item.context_expr.func) == "pytest.raises"
        and len(item.context_expr.args) == 1
        and {part.arg for part in item.context_expr.keywords} <= {"match"}
    ]
