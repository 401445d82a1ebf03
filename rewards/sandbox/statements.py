"""The tests of one program, split into statements, and the names they need from it.

What counts as one test: a top-level `assert`; any other top-level statement that asserts, itself
(a loop of asserts) or by calling a function of the tests that does (`check(f)`). Tests in which
nothing asserts count as one, which is passed when its last statement has run. Refused are
definitions that nobody calls, unless a runner would (`whetstone.rewards.sandbox.layouts`). Without
a statement there are no tests, and the program only runs.
"""

import ast
import builtins
import functools
import math
import types
from collections.abc import Iterable
from dataclasses import dataclass

from whetstone.rewards.sandbox.alone import standing_alone
from whetstone.rewards.sandbox.batches import gather, rewrite
from whetstone.rewards.sandbox.carried import replaces, why_not
from whetstone.rewards.sandbox.carried_packages import why_not as why_no_package
from whetstone.rewards.sandbox.helpers import lines_before
from whetstone.rewards.sandbox.imports import (
    PROGRAM_MODULES,
    imported,
    missing_imports,
    names_of_program,
)
from whetstone.rewards.sandbox.layouts import with_calls
from whetstone.rewards.sandbox.names import judging_names, used_names, with_attributes
from whetstone.rewards.sandbox.reached import is_function_of_loops, is_loop_of_asserts, watched
from whetstone.rewards.sandbox.signatures import TRUSTED_MODULES
from whetstone.rewards.sandbox.tier import Tier

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
        "seterr",
        "set_option",
        "set_printoptions",
    }
)

_OWN = frozenset({"exit", "quit"})
"""What an interpreter adds to the builtins: ends of the tests, and not the program's to replace."""

# Packages that the sandbox does not have. A program that brings one by the name brings a fake.
_FOREIGN = frozenset(
    {"np", "numpy", "pd", "pandas", "pytest", "scipy", "torch", "unittest", "mock"}
)


class VacuousTestsError(ValueError):
    """The tests would be passed by any program."""


class UnrunnableTestsError(VacuousTestsError):
    """The tests need what the sandbox does not have, so that they would be passed by none."""


class UncarriedTestsError(UnrunnableTestsError):
    """The tests do what cannot be carried between two processes."""


@dataclass(frozen=True)
class Statement:
    """One top-level statement of the tests."""

    nodes: tuple[ast.stmt, ...]
    """Its tree, or those of several calls that are made together."""
    code: types.CodeType
    source: str
    line: int
    """Of the tests, the first of which is 1."""
    is_test: bool
    is_loop: bool
    """Whether it asserts in a loop only, which may not run."""
    stands_alone: bool
    """Whether it has nothing to do with the program."""


@dataclass(frozen=True, eq=False)
class Tests:
    """Compiled tests. The program supplies `names`; `modules` and `helpers` are our own.

    `helpers` maps a name to the module of the library that has it. `stain` tests change that
    library, so whatever runs them must not run others.
    """

    statements: tuple[Statement, ...]
    names: tuple[str, ...]
    modules: tuple[str, ...]
    helpers: dict[str, str]
    stain: bool

    @property
    def total(self) -> int:
        """Count the tests."""
        return sum(statement.is_test for statement in self.statements)


@functools.lru_cache(maxsize=_KEPT)
def compile_tests(
    tests: str,
    entry_points: tuple[str, ...] = (),
    packages: frozenset[str] = frozenset(),
    tier: Tier = Tier.APART,
) -> Tests:
    """Split tests into statements and say what they need; `packages` are there for them.

    Raises what `ast.parse` does (`SyntaxError`, `ValueError`, `RecursionError`, `MemoryError`), and
    `VacuousTestsError`.
    """
    tree = ast.parse(tests)
    used = used_names(tests)
    if any(module in tests for module in PROGRAM_MODULES):
        used |= names_of_program(tree)
    _require_tests_that_can_run(tree, packages)
    if tier is Tier.APART:
        _require_what_can_be_carried(tree, packages)
    claimed = set(entry_points)
    modules = (used & TRUSTED_MODULES & with_attributes(tree)) - claimed
    # Where nobody said what is tested, it may be a function called `gcd`.
    library = (_MATH_NAMES if claimed else {}) | TRUSTED_NAMES
    helpers = {name: library[name] for name in used & library.keys() if name not in claimed}
    wanted = used - modules - helpers.keys() - _FOREIGN - _OWN
    if claimed:
        wanted -= judging_names(tree, claimed)
    names = {name for name in wanted if not hasattr(builtins, name)}
    if not names and not claimed:
        names = _function_named_like_a_builtin(used)
    stain = _stains(tree)
    return Tests(
        tuple(_statements(tree, tests, names | claimed, tier)),
        tuple(sorted(names | claimed)),
        tuple(sorted(modules)),
        helpers,
        stain,
    )


def _statements(tree: ast.Module, tests: str, names: set[str], tier: Tier) -> list[Statement]:
    """Compile the statements one by one or, apart, calls in a row together."""
    checks = _checks(tree)
    is_test = {node: _is_test(node, checks) for node in tree.body}
    of_loops: frozenset[int] = frozenset()
    if tree.body and not any(is_test.values()):
        _require_tests_that_can_fail(tree)
        called = with_calls(tree)
        tree, of_loops = called.tree, called.of_loops
        is_test = {node: id(node) in called.calls for node in tree.body}
        is_test[tree.body[-1]] |= not called.calls
    loops = {getattr(node, "name", "") for node in filter(is_function_of_loops, tree.body)}
    lines, before = tests.splitlines(), lines_before(tests)
    alone = dict(zip(tree.body, standing_alone(tree.body, names), strict=True))
    groups = [[node] for node in tree.body]
    if tier is Tier.APART:
        groups = gather(tree.body, names, [node for node in tree.body if is_test[node]])
    run = [
        tuple(map(watched, rewrite(group, names) if tier is Tier.APART else group))
        for group in groups
    ]
    return [
        Statement(
            nodes,
            compile(ast.Module([*nodes], []), "<tests>", "exec", dont_inherit=True),
            "\n".join(lines[group[0].lineno - 1 : group[-1].end_lineno]).strip(),
            group[0].lineno - before,
            is_test[group[-1]],
            is_loop_of_asserts(group[-1])
            or id(group[-1]) in of_loops
            or _called_by_name(group[-1]) in loops,
            all(alone[node] for node in group),
        )
        for group, nodes in zip(groups, run, strict=True)
    ]


def require_tests_that_can_fail(
    tree: ast.Module, packages: frozenset[str] = frozenset(), tier: Tier = Tier.APART
) -> None:
    """Raise `VacuousTestsError` for tests in which nothing asserts and that cannot fail either.

    Likewise `UnrunnableTestsError` for tests that no program can pass in a tier where there are
    these packages beside the library.
    """
    _require_tests_that_can_run(tree, packages)
    if tier is Tier.APART:
        _require_what_can_be_carried(tree, packages)
    _require_tests_that_can_fail(tree)


def _require_tests_that_can_fail(tree: ast.Module) -> None:
    checks = _checks(tree)
    if any(_is_test(node, checks) for node in tree.body):
        return
    called = with_calls(tree)
    if called.refused:
        raise UnrunnableTestsError(
            f"{', '.join(called.refused)}: fixtures, asynchronous tests, hooks of modules and of "
            "classes and marks on classes are not done here as their runner would"
        )
    if called.calls:
        return
    if "unittest" in imported(tree):
        raise VacuousTestsError("they call no test of a `TestCase`, and unittest reports to nobody")
    if all(_only_names(node) for node in tree.body):
        raise VacuousTestsError("they call and assert nothing, so every program would pass")


def _require_tests_that_can_run(tree: ast.Module, packages: frozenset[str]) -> None:
    if absent := [*missing_imports(tree.body, packages)]:
        raise UnrunnableTestsError("; ".join(absent))
    if any(map(_imports, tree.body)) and "doctest" in imported(tree):
        raise UnrunnableTestsError("doctest would run texts of the program as code")


def _require_what_can_be_carried(tree: ast.Module, packages: frozenset[str]) -> None:
    """Raise `UncarriedTestsError` for tests that need the program's own objects beside them."""
    if replaces(tree):
        raise UncarriedTestsError(
            "they replace what the program calls or reads (`patch`, `sys.stdin`)"
        )
    has_classes = any(isinstance(node, ast.ClassDef) for node in tree.body)
    if has_classes or not packages.isdisjoint(imported(tree)):
        used = used_names(ast.unparse(tree)) | names_of_program(tree)
        names = {name for name in used if not hasattr(builtins, name)}
        reason = why_not(tree, names) if has_classes else None
        if reason := reason or why_no_package(tree, names, packages):
            raise UncarriedTestsError(reason)


def _imports(node: ast.stmt) -> bool:
    """Tell whether a statement imports, or may hold one that does."""
    return not isinstance(node, ast.Assert | ast.Assign | ast.Expr)


def _is_test(node: ast.stmt, checks: set[str]) -> bool:
    """Tell whether a statement asserts, itself or through one of these functions."""
    return not isinstance(node, _DEFINITIONS) and _asserts(node, checks)


def _only_names(node: ast.stmt) -> bool:
    """Tell whether a statement does no more than to name something: it cannot fail."""
    if isinstance(node, ast.Expr | ast.Assign):
        return all(isinstance(part, _LITERALS) for part in ast.walk(node.value))
    return isinstance(node, (*_DEFINITIONS, *_IMPORTS))


def _stains(tree: ast.Module) -> bool:
    """Tell whether tests change something that outlives them: an attribute of a module, a context.

    Attributes of what is no module count as well: the price is a new process.
    """
    return any(
        (isinstance(part, ast.Attribute) and not isinstance(part.ctx, ast.Load))
        or (isinstance(part, ast.Call) and _called(part) in _STAINING_CALLS)
        for part in ast.walk(tree)
    )


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _called_by_name(statement: ast.stmt) -> str | None:
    """Return the name of the function that a statement calls, if it does nothing else."""
    match statement:
        case ast.Expr(ast.Call(func=ast.Name(id=name))):
            return name
    return None


def _function_named_like_a_builtin(used: Iterable[str]) -> set[str]:
    """Return the one builtin function that the tests call, if they need nothing else.

    Then it is what they test: a problem may ask for a function called `sum`. With any other name
    beside it a program could replace what its results are checked with.
    """
    called = {name for name in used if isinstance(getattr(builtins, name, None), _BUILTIN)}
    return called if len(called) == 1 else set()


_BUILTIN = types.BuiltinFunctionType
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.expr_context)


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
        or (isinstance(part, ast.Call) and _is_assertion(part.func, checks))
        for part in ast.walk(node)
    )


def _is_assertion(function: ast.expr, checks: set[str]) -> bool:
    """Tell `check(...)`, and `case.assertEqual(...)` or `testing.assert_allclose(...)`."""
    if isinstance(function, ast.Attribute):
        return function.attr.startswith("assert")
    return isinstance(function, ast.Name) and function.id in checks
