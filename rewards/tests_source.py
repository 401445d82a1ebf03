"""Whether the tests of a problem can judge a program, as far as their source tells.

Told are tests that no program can fail, and tests that none can pass because they import what is
not there. Most are let through by a look at their lines, or at one line and the compiler's table of
names; a tree is made only of those that remain, since data sets have a hundred thousand of them.
"""

import ast
import builtins
import keyword
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from symtable import SymbolTable, symtable
from typing import Any

from whetstone.rewards.entry_points import root_names
from whetstone.rewards.sandbox.helpers import with_helpers
from whetstone.rewards.sandbox.imports import PROGRAM_MODULES
from whetstone.rewards.sandbox.signatures import TRUSTED_MODULES
from whetstone.rewards.sandbox.statements import (
    TRUSTED_NAMES,
    UncarriedTestsError,
    UnrunnableTestsError,
    VacuousTestsError,
    compile_tests,
    require_tests_that_can_fail,
)
from whetstone.rewards.sandbox.tier import Tier
from whetstone.rewards.sure_reads import surely_reads

LIBRARY = frozenset(sys.stdlib_module_names)
"""What tests can import everywhere."""

_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_ATOM = r"(?:-?(?:0|[1-9]\d{0,18})(?:\.\d{1,18})?|'[^'\\\n\0]*'|\"[^\"\\\n\0]*\"|True|False|None)"
_VALUE = rf"(?:{_ATOM}|\[(?:{_ATOM}(?:, ?{_ATOM})*)?\]|\({_ATOM}(?:, ?{_ATOM})*,?\))"
_EQUATION = rf"assert [^\W\d]\w*\((?:{_VALUE}(?:, ?{_VALUE})*)?\) ?== ?{_VALUE}"
_EQUATIONS = re.compile(rf"\n*{_EQUATION}(?:\n+{_EQUATION})*\n*")
"""`assert NAME(values) == value`, line by line, as most data sets write tests: a tenth of what the
compiler takes to find that they are Python."""
_TESTED = re.compile(r"^assert (\w+)", re.MULTILINE)
_ASKS = re.compile(
    r"^(?:assert[ \t]+((?:not[ \t]+|\(|[^\W\d][\w.]*\()+)|[^\W\d]\w*(\([^\W\d]\w*\)))", re.MULTILINE
)
_CALLED = re.compile(r"(?<![\w.])[^\W\d]\w*(?=[\w.]*\()|(?<=\()[^\W\d]\w*(?=\))")
_IMPORT = re.compile(r"^[ \t]*(?:import[ \t]+([^\W\d]\w*)|from[ \t]+([.\w]+)).*", re.MULTILINE)
_LOOKED_INTO = ('"""', "'''", "unittest", "doctest", "class ")
"""What no quick look understands: texts of several lines, and what the sandbox may refuse."""
_PROGRAM = frozenset({".", "program", "answer", "candidate"})
"""What else data sets call the module of the program, where they import it."""


def wrong_tests(
    tests: str,
    prefix: str = "",
    entry_points: Collection[str] = (),
    modules: frozenset[str] = LIBRARY,
    tier: Tier = Tier.APART,
) -> Iterator[str]:
    """Yield why tests cannot judge a program.

    Args:
        tests: Their source.
        prefix: What stands before the program.
        entry_points: What the program has to define, where it is known.
        modules: What tests can import.
        tier: Where they may run; beside their program they need not be carried.

    """
    try:
        roots = root_names(entry_points)
    except ValueError:
        return  # said where entry points are read
    try:
        tree = ast.parse(tests)
        if missing := [*_missing_modules(tree, modules)]:
            yield from missing
            return
        packages = modules - LIBRARY
        require_tests_that_can_fail(tree, packages, tier)
        asked = _asked(tests, prefix, roots, packages, tier)
        yield from () if asked else _asks_nothing(tests, roots, tree)
    except SyntaxError as error:
        yield f"not Python: {error.msg} (line {error.lineno})"
    except UnrunnableTestsError as error:
        yield str(error)
    except VacuousTestsError as error:
        yield f"{error}{_remedy(tree, entry_points)}"
    except _UNREADABLE as error:
        yield f"not Python: {error or 'too deeply nested'}"


def why_uncarried(
    tests: str, entry_points: Collection[str], packages: frozenset[str] = frozenset()
) -> str | None:
    """Say what of tests cannot be carried between two processes; None for what can, or is wrong."""
    if "class " not in tests and "import" not in tests:
        return None
    try:
        compile_tests(tests, tuple(entry_points), packages)
    except UncarriedTestsError as error:
        return str(error)
    except _UNREADABLE:
        return None  # told where it is run
    return None


def require_carried(tests: Iterable[Any], packages: frozenset[str], remedy: str) -> None:
    """Raise `ValueError` for the first tests of a data set that cannot be carried."""
    for row, text in enumerate(tests, start=1):
        if why := why_uncarried(text, (), packages):
            raise ValueError(f"row {row} of the data: {why}; {remedy}")


def plainly_judge(
    tests: str, prefix: str, entry_points: Collection[str], modules: Collection[str]
) -> bool:
    """Tell whether tests are seen to be right at a quick look; others may be right as well."""
    try:
        return _plainly_asks(tests, prefix, root_names(entry_points), modules)
    except _UNREADABLE:
        return False


def may_pass_nothing(
    tests: str,
    prefix: str = "",
    entry_points: Collection[str] = (),
    modules: frozenset[str] = LIBRARY,
) -> bool:
    """Tell whether a program of nothing may pass, so that it has to be run to know.

    A program of nothing is the prefix alone. Where that lacks an entry point it cannot pass, nor
    where the tests read for sure what nobody defines.
    """
    if entry_points and not prefix:
        return False
    try:
        if not prefix and _plainly_asks(tests, prefix, (), modules):
            return False
        tree, roots = ast.parse(tests), root_names(entry_points)
        defined = _defined(symtable(prefix, "<prefix>", "exec"))
        asked = _asked(tests, prefix, roots, modules - LIBRARY, Tier.TOGETHER)
    except _UNREADABLE:
        return False  # it does not compile, or its tests do not: no program passes
    if any(name not in defined for name in roots):
        return False
    return not surely_reads(tree, asked - defined)


def _plainly_asks(
    tests: str, prefix: str, roots: Collection[str], modules: Collection[str]
) -> bool:
    """Tell whether a line at the left edge calls what the program supplies, without a tree.

    Raises what `symtable` does.
    """
    names = set(_TESTED.findall(tests)) if _EQUATIONS.fullmatch(tests) is not None else set()
    if names and not any(map(keyword.iskeyword, names)):
        return not names.isdisjoint(roots) if roots else _any_supplied(names, prefix)
    table = symtable(tests, "<tests>", "exec")
    if any(word in tests for word in _LOOKED_INTO):
        return False
    if "import" in tests and not all(
        "," not in match[0] and (match[1] or match[2]) in modules
        for match in _IMPORT.finditer(tests)
    ):
        return False
    match = _ASKS.search(tests)
    return match is not None and any(
        name in roots if roots else _any_supplied({name}, prefix)
        for name in _CALLED.findall(match[1] or match[2])
        if not _is_bound(name, table)
    )


def _any_supplied(names: Collection[str], prefix: str) -> bool:
    """Tell whether one of these names is neither the library's nor a helper's of the prefix."""
    return any(
        name not in TRUSTED_NAMES
        and name not in TRUSTED_MODULES
        and not hasattr(builtins, name)
        and f"def {name}(" not in prefix
        for name in names
    )


def _is_bound(name: str, table: SymbolTable) -> bool:
    try:
        symbol = table.lookup(name)
    except KeyError:
        return True  # it stands in a string: that says nothing
    return symbol.is_assigned() or symbol.is_imported()


def _missing_modules(tree: ast.Module, modules: frozenset[str]) -> Iterator[str]:
    """Yield the imports that must fail. One within `try` may have been meant to."""
    tried = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.Try) for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." if node.level else str(node.module).partition(".")[0]]
        else:
            continue
        for name in names:
            if name not in modules | PROGRAM_MODULES and id(node) not in tried:
                yield f"`{ast.unparse(node)}`: {_why_missing(name)} (line {node.lineno})"


def _why_missing(name: str) -> str:
    if name in _PROGRAM:
        known = ", ".join(sorted(PROGRAM_MODULES))
        return f"the program has other names as a module ({known}); leave the import out"
    return (
        f"there is no module {name} where tests run, so that no program could pass; what is "
        f"installed is made usable by reward.execution.packages=[{name}], and packages=[{name}] of "
        "an evaluation"
    )


def _asks_nothing(tests: str, roots: Collection[str], tree: ast.Module) -> Iterator[str]:
    defined = _defined(symtable(tests, "<tests>", "exec"))
    if own := sorted(defined.intersection(roots) or _functions(tree)):
        told = f"they define {', '.join(own)} themselves and ask nothing of the program"
    else:
        told = "they ask nothing of the program"
    yield f"{told}, so every program would pass"


def _asked(
    tests: str, prefix: str, roots: Collection[str], packages: frozenset[str], tier: Tier
) -> frozenset[str]:
    """Return the names that the tests take from the program."""
    asked = frozenset(compile_tests(with_helpers(prefix, tests), (), packages, tier).names)
    own = _defined(symtable(tests, "<tests>", "exec"))
    used = {name for name in roots if name not in own and re.search(rf"\b{name}\b", tests)}
    return asked | used


def _defined(table: SymbolTable) -> frozenset[str]:
    return frozenset(
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    )


def _functions(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _remedy(tree: ast.Module, entry_points: Collection[str]) -> str:
    """Return what to add where the tests are a function that nobody calls."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if len(functions) != 1:
        return ""
    [check] = functions
    arguments = len(check.args.args)
    call = {0: f"{check.name}()", 1: f"{check.name}({next(iter(entry_points), 'NAME')})"}
    return f"; add the call {call[arguments]}" if arguments in call else ""
