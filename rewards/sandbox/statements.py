"""The tests of one program, split into statements, and the names they need from it.

What counts as one test: a top-level `assert`; any other top-level statement that asserts, itself
(a loop of asserts) or by calling a function of the tests that does (`check(f)`). Tests in which
nothing asserts count as one, which is passed when its last statement has run. Refused are
definitions that nobody calls. Without a statement there are
no tests, and the program only runs.
"""

import ast
import builtins
import functools
import importlib.util
import math
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rewards.sandbox.alone import standing_alone
from rewards.sandbox.candidate import TRUSTED_MODULES
from rewards.sandbox.layouts import Unfolded, unfold
from rewards.sandbox.names import BY_TEXT, imported_modules, module_names, used_names
from rewards.sandbox.strict import Strict
from rewards.sandbox.supplies import SUPPLIES

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

_MATH_NAMES = {name: "math" for name in vars(math) if not name.startswith("_")}
# Calls by which tests change what the tests of other programs use in the same process.
_STAINING_CALLS = frozenset(
    {
        "setattr",
        "delattr",
        "setcontext",
        "getcontext",
        "setrecursionlimit",
        "set_int_max_str_digits",
    }
)

# Packages that the sandbox does not have. A program that brings one by the name brings a fake.
_FOREIGN = frozenset(
    {"np", "numpy", "pd", "pandas", "pytest", "scipy", "torch", "unittest", "mock"}
)


# What tests compare with, and no library of ours has: nothing that a program may bring along.
_COMPARERS = frozenset({"allclose", "approx", "assert_allclose", "assert_almost_equal"})


class TestsError(ValueError):
    """The tests cannot judge any program."""

    __test__ = False  # to pytest, which collects what is called so


class VacuousTestsError(TestsError):
    """The tests would be passed by any program."""


class MissingModuleError(TestsError):
    """The tests import what the sandbox does not have."""


@dataclass(frozen=True)
class Statement:
    """One top-level statement of the tests."""

    node: ast.stmt
    code: types.CodeType
    source: str
    is_test: bool
    must_assert: bool
    """Whether it cannot end without an assertion having been reached."""
    stands_alone: bool
    """Whether it has nothing to do with the program."""


@dataclass(frozen=True, eq=False)
class Tests:
    """Compiled tests. The program supplies `names`; what is `trusted` is our own.

    `own` are the names that the tests bind, `called` those that they call. `trusted` maps a name to
    the module of the library that has it, "" for a module itself. `stain` tests change that
    library, so whatever runs them must not run others.
    """

    statements: tuple[Statement, ...]
    names: tuple[str, ...]
    own: tuple[str, ...]
    called: frozenset[str]
    trusted: dict[str, str]
    stain: bool

    @property
    def total(self) -> int:
        """Count the tests."""
        return sum(statement.is_test for statement in self.statements)


@functools.lru_cache(maxsize=_KEPT)
def compile_tests(tests: str, entry_points: tuple[str, ...] = ()) -> Tests:
    """Split tests into statements and say what they need.

    Raises what `ast.parse` does (`SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`), and
    `TestsError`.
    """
    unfolded = unfold(ast.parse(tests))
    source = ast.unparse(ast.Module(unfolded.body, [])) if unfolded.names_program else tests
    _require_modules(unfolded.body)
    used = used_names(source)
    claimed = set(entry_points)
    parts = [part for node in unfolded.body for part in ast.walk(node)]
    # What is called is no module: a problem may ask for a function called `copy`.
    modules = (used & TRUSTED_MODULES) - claimed - _called_by_name(parts)
    # Where nobody said what is tested, it may be a function called `gcd`.
    library = (_MATH_NAMES if claimed else {}) | TRUSTED_NAMES
    helpers = {name: library[name] for name in used & library.keys() if name not in claimed}
    wanted = used - modules - helpers.keys() - _FOREIGN - (SUPPLIES.keys() - claimed)
    if claimed:
        wanted -= _COMPARERS - claimed
    names = {name for name in wanted if not hasattr(builtins, name)}
    if not names and not claimed:
        names = _function_named_like_a_builtin(used)
    wanted_names = tuple(sorted(names | claimed))
    strict = Strict(wanted_names)
    unfolded.body[:] = [strict.visit(node) for node in unfolded.body]
    return Tests(
        _statements(tests, unfolded, wanted_names),
        wanted_names,
        tuple(sorted(module_names(source))),
        frozenset(_called_by_name(parts)),
        dict.fromkeys(sorted(modules), "") | helpers,
        _stains(parts),
    )


def _statements(tests: str, unfolded: Unfolded, names: tuple[str, ...]) -> tuple[Statement, ...]:
    body, lines = unfolded.body, tests.splitlines()
    checks = _checks(body)
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    alone = standing_alone(body, names)
    found = [
        Statement(
            node,
            compile(ast.Module([node], []), "<tests>", "exec", dont_inherit=True),
            "\n".join(lines[node.lineno - 1 : node.end_lineno]).strip(),
            id(node) in unfolded.calls or _is_test(node, checks),
            _must_assert(node, functions),
            is_alone,
        )
        for node, is_alone in zip(body, alone, strict=True)
    ]
    if found and not any(statement.is_test for statement in found):
        _require_that_they_can_fail(unfolded)
        found[-1] = replace(found[-1], is_test=True)
    return tuple(found)


def require_tests_that_can_fail(tree: ast.Module) -> None:
    """Raise `VacuousTestsError` for tests in which nothing asserts and that cannot fail either."""
    _require_that_they_can_fail(unfold(tree))


def _require_that_they_can_fail(tests: Unfolded) -> None:
    checks = _checks(tests.body)
    if tests.calls or any(_is_test(node, checks) for node in tests.body):
        return
    if all(_only_names(node) for node in tests.body):
        raise VacuousTestsError("they call and assert nothing, so every program would pass")


def _require_modules(body: list[ast.stmt]) -> None:
    """Raise `MissingModuleError` for an import that cannot succeed and that nobody tries."""
    ahead: list[ast.AST] = [*body]
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.Try):
            continue
        for name in imported_modules(node):
            top = name.partition(".")[0]
            if top not in sys.modules and importlib.util.find_spec(top) is None:
                line = getattr(node, "lineno", 0)
                raise MissingModuleError(
                    f"line {line} imports {top}, which the sandbox does not have; if it is "
                    f"installed here, reward.execution.packages=[{top}] makes it usable"
                )
        ahead += ast.iter_child_nodes(node)


def _is_test(node: ast.stmt, checks: set[str]) -> bool:
    """Tell whether a statement asserts, itself or through one of these functions."""
    return not isinstance(node, _DEFINITIONS) and _asserts(node, checks)


def _must_assert(node: ast.stmt, functions: dict[str, ast.FunctionDef]) -> bool:
    """Tell whether a statement is an assertion, or calls a function that begins with some.

    Before the assertion of such a function stands nothing that could leave it.
    """
    match node:
        case ast.Assert():
            return True
        case ast.Expr(ast.Call(func=ast.Name(id=name))) if name in functions:
            for inner in functions[name].body:
                if isinstance(inner, ast.Assert):
                    return not functions[name].decorator_list
                if not isinstance(inner, ast.Expr | ast.Assign | ast.Import | ast.ImportFrom):
                    return False
    return False


def _only_names(node: ast.stmt) -> bool:
    """Tell whether a statement does no more than to name something: it cannot fail."""
    if isinstance(node, ast.Expr | ast.Assign):
        return all(isinstance(part, _LITERALS) for part in ast.walk(node.value))
    return isinstance(node, (*_DEFINITIONS, *_IMPORTS))


def _stains(parts: Iterable[ast.AST]) -> bool:
    """Tell whether tests change something that outlives them: an attribute of a module, a context.

    Attributes of what is no module count as well: the price is a new process.
    """
    return any(
        (isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load))
        or (isinstance(part, ast.Call) and _called(part) in _STAINING_CALLS)
        for part in parts
    )


def _called_by_name(parts: Iterable[ast.AST]) -> set[str]:
    return {
        part.func.id
        for part in parts
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    }


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _function_named_like_a_builtin(used: Iterable[str]) -> set[str]:
    """Return the one builtin function that the tests call, if they need nothing else.

    Then it is what they test: a problem may ask for a function called `sum`. With any other name
    beside it a program could replace what its results are checked with.
    """
    builtin = {name for name in used if isinstance(getattr(builtins, name, None), _BUILTIN)}
    called = builtin - BY_TEXT
    return called if len(called) == 1 else set()


_BUILTIN = types.BuiltinFunctionType
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.expr_context)


def _checks(body: list[ast.stmt]) -> set[str]:
    """Names of the functions that assert, themselves or through one another."""
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
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
