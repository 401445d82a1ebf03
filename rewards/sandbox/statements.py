"""The tests of one program, split into statements, and the names they need from it.

What counts as one test: a top-level `assert`; any other top-level statement that asserts, itself
(a loop of asserts) or by calling a function of the tests that does (`check(f)`). Tests in which
nothing asserts count as one, which is passed when its last statement has run.
"""

import ast
import builtins
import functools
import types
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rewards.sandbox.candidate import TRUSTED_MODULES
from rewards.sandbox.names import used_names

_KEPT = 256
"""Compiled tests that are kept: the completions of a group share their tests."""

TRUSTED_NAMES = {
    "isclose": "math",
    "isnan": "math",
    "isinf": "math",
    "deepcopy": "copy",
    "Counter": "collections",
    "OrderedDict": "collections",
    "defaultdict": "collections",
    "deque": "collections",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "List": "typing",
    "Dict": "typing",
    "Tuple": "typing",
    "Optional": "typing",
}
"""Helpers that tests compare with: from the library, not from a program that defines its own."""

# Packages that the sandbox does not have. A program that brings one by the name brings a fake.
_FOREIGN = frozenset(
    {"np", "numpy", "pd", "pandas", "pytest", "scipy", "torch", "unittest", "mock"}
)


@dataclass(frozen=True)
class Statement:
    """One top-level statement of the tests."""

    code: types.CodeType
    source: str
    is_test: bool


@dataclass(frozen=True)
class Tests:
    """Compiled tests. The program supplies `names`; `modules` and `helpers` are our own."""

    statements: tuple[Statement, ...]
    names: tuple[str, ...]
    modules: tuple[str, ...]
    helpers: tuple[str, ...]

    @property
    def total(self) -> int:
        """Count the tests."""
        return sum(statement.is_test for statement in self.statements)


@functools.lru_cache(maxsize=_KEPT)
def compile_tests(tests: str, entry_points: tuple[str, ...] = ()) -> Tests:
    """Split tests into statements and say what they need.

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
    used = used_names(tests)
    claimed = set(entry_points)
    modules = (used & TRUSTED_MODULES) - claimed
    helpers = (used & TRUSTED_NAMES.keys()) - claimed
    names = {name for name in used - modules - helpers - _FOREIGN if not hasattr(builtins, name)}
    if not names and not claimed:
        names = _function_named_like_a_builtin(used)
    return Tests(
        tuple(statements),
        tuple(sorted(names | claimed)),
        tuple(sorted(modules)),
        tuple(sorted(helpers)),
    )


def _function_named_like_a_builtin(used: Iterable[str]) -> set[str]:
    """Return the one builtin function that the tests call, if they need nothing else.

    Then it is what they test: a problem may ask for a function called `sum`. With any other name
    beside it a program could replace what its results are checked with.
    """
    called = {name for name in used if isinstance(getattr(builtins, name, None), _BUILTIN)}
    return called if len(called) == 1 else set()


_BUILTIN = types.BuiltinFunctionType
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
