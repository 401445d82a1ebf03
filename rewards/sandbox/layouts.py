"""Tests as files for pytest and unittest have them: nobody calls them, since a runner would.

Where nothing else in the tests judges, every function `test...`, every method of a `TestCase` and
of a class `Test...` is called here, as the runner would do it. What starts a runner is left out: it
would report to nobody. One that is skipped by a decorator is not called, and none skips itself: a
program could raise what does so. Refused are tests that want what is not done here: fixtures, hooks
of a module or of a class of pytest, marks on a class, and asynchronous tests.
"""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from whetstone.rewards.sandbox.reached import is_function_of_loops

EACH = "__each__"
"""The name of `whetstone.rewards.sandbox.parametrize.each` in the tests."""

_RUNNERS = frozenset({"unittest.main", "pytest.main"})
_EXITS = frozenset({"exit", "sys.exit", "SystemExit"})
_CASES = frozenset({"TestCase", "IsolatedAsyncioTestCase"})
_NO_HOOKS = frozenset(
    {
        "setup_module", "teardown_module", "setup_function", "teardown_function", "setup_class",
        "teardown_class", "setUpModule", "tearDownModule", "asyncSetUp", "asyncTearDown",
    }
)  # fmt: skip
"""What a runner would call beside the tests, and is not called here."""
_Test = tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | None]
"""A call, and the test that it calls; None for what prepares or cleans up."""
_METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_CALLED = ("skip", "xfail", "expectedFailure")


@dataclass(frozen=True)
class Called:
    """Tests with every one of them called."""

    tree: ast.Module
    calls: frozenset[int]
    """Identities of the statements that call one."""
    of_loops: frozenset[int]
    """Those that call one which asserts in loops only."""
    refused: tuple[str, ...]
    """What is not done here as its runner would."""


def with_calls(tree: ast.Module) -> Called:
    """Call the tests of a module that a runner would call."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    runners = _RUNNERS.union(f.name for f in functions if _only_runs(f, _RUNNERS))
    body = [node for node in tree.body if not _starts_a_runner(node, runners)]
    used = {part.id for node in body for part in ast.walk(node) if isinstance(part, ast.Name)}
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    called: list[ast.stmt] = []
    tests: dict[int, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for node in body:
        called.append(node)
        for source, test in _calls_of(node, used, classes):
            call = _statement(source)
            for part in ast.walk(call):
                ast.copy_location(part, node)
            called.append(call)
            if test is not None:
                tests[id(call)] = test
    of_loops = (call for call, test in tests.items() if is_function_of_loops(test))
    return Called(
        ast.Module(called, []),
        frozenset(tests),
        frozenset(of_loops),
        tuple(dict.fromkeys(name for node in body for name in _not_done(node, used, classes))),
    )


def _starts_a_runner(node: ast.stmt, runners: Collection[str]) -> bool:
    """Tell `unittest.main()`, alone or under `if __name__ == "__main__":`."""
    match node:
        case ast.Expr(ast.Call() as call) | ast.Raise(exc=ast.Call() as call):
            return _runs(call, runners)
        case ast.Return(ast.Call() as call):
            return _runs(call, runners)
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body, orelse=[]):
            return all(_starts_a_runner(part, runners) for part in body)
    return False


def _only_runs(function: ast.FunctionDef, runners: Collection[str]) -> bool:
    """Tell a function that does nothing but start a runner: `def main(): unittest.main()`."""
    told = [part for part in function.body if not _is_text(part)]
    return bool(told) and all(_starts_a_runner(part, runners) for part in told)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _runs(call: ast.Call, runners: Collection[str]) -> bool:
    """Tell a call of a runner, by itself or for the exit code."""
    name = ast.unparse(call.func)
    if name in _EXITS:
        inner = call.args[0] if len(call.args) == 1 else None
        return isinstance(inner, ast.Call) and _runs(inner, runners)
    return name in runners


def _not_done(node: ast.stmt, used: set[str], classes: dict[str, ast.ClassDef]) -> Iterator[str]:
    """Yield what in a function or class of tests is not done here as its runner would."""
    if isinstance(node, _METHODS):
        if node.name in _NO_HOOKS:
            yield node.name
        if _is_test(node, used) and (isinstance(node, ast.AsyncFunctionDef) or _wants(node, 0)):
            yield node.name
    elif isinstance(node, ast.ClassDef) and node.name not in used:
        is_case = _is_case(node, classes)
        if not is_case and not node.name.startswith("Test"):
            return
        if node.decorator_list or "IsolatedAsyncioTestCase" in map(_last_name, node.bases):
            yield node.name
        for method in (part for part in node.body if isinstance(part, _METHODS)):
            wants = _is_to_be_called(method) and (
                isinstance(method, ast.AsyncFunctionDef) or _wants(method, 1)
            )
            if wants or method.name in _NO_HOOKS:
                yield f"{node.name}.{method.name}"


def _calls_of(node: ast.stmt, used: set[str], classes: dict[str, ast.ClassDef]) -> list[_Test]:
    if isinstance(node, ast.FunctionDef):
        return _call_of(node, used)
    if not isinstance(node, ast.ClassDef):
        return []
    if _is_case(node, classes):
        return _calls_of_case(node, classes)
    return [] if node.name in used else _calls_of_class(node)


def _call_of(function: ast.FunctionDef, used: set[str]) -> list[_Test]:
    if not _is_test(function, used) or _wants(function, 0):
        return []
    call = f"{EACH}({function.name})" if function.decorator_list else f"{function.name}()"
    return [(call, function)]


def _is_test(function: ast.FunctionDef | ast.AsyncFunctionDef, used: set[str]) -> bool:
    return _is_to_be_called(function) and function.name not in used


def _is_to_be_called(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = (getattr(mark, "func", mark) for mark in function.decorator_list)
    return function.name.startswith("test") and not any(
        _last_name(mark).startswith(_NOT_CALLED) for mark in marks
    )


def _wants(function: ast.FunctionDef | ast.AsyncFunctionDef, bound: int) -> bool:
    """Tell whether a test wants arguments that only fixtures of pytest give.

    `bound` counts its first arguments that are there anyway: `self`.
    """
    given = sum(map(_given_by, function.decorator_list))
    return _required(function) - bound > given


def _required(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return len(function.args.args) - len(function.args.defaults)


def _given_by(mark: ast.expr) -> int:
    """Return how many arguments `parametrize` gives; none for any other mark."""
    if not isinstance(mark, ast.Call) or _last_name(mark.func) != "parametrize":
        return 0
    by_name = (keyword.value for keyword in mark.keywords if keyword.arg == "argnames")
    names = next(iter([*mark.args[:1], *by_name]), None)
    match names:
        case ast.Constant(value=str(text)):
            return len(text.split(","))
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return len(elements)
    return 0


def _is_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    bases = [name for name in map(_last_name, node.bases) if name != node.name]
    return any(
        name in _CASES or (name in classes and _is_case(classes[name], classes)) for name in bases
    )


def _calls_of_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[_Test]:
    """Run a test of `unittest` as its `debug` does, which raises what is wrong."""
    methods = _methods(node, classes)
    tests = {name: method for name, method in methods.items() if _is_to_be_called(method)}
    if not tests and "runTest" in methods:
        tests = {"runTest": methods["runTest"]}
    calls: list[_Test] = [(f"{node.name}({name!r}).debug()", test) for name, test in tests.items()]
    if calls and "setUpClass" in methods:
        calls.insert(0, (f"{node.name}.setUpClass()", None))
    if calls and "tearDownClass" in methods:
        calls.append((f"{node.name}.tearDownClass()", None))
    return calls


def _methods(
    node: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    bases = [name for name in map(_last_name, node.bases) if name in classes and name != node.name]
    found = {n: part for base in bases for n, part in _methods(classes[base], classes).items()}
    return found | {part.name: part for part in node.body if isinstance(part, _METHODS)}


def _calls_of_class(node: ast.ClassDef) -> list[_Test]:
    """Run the methods of a class as pytest does, each on an instance of its own."""
    methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    if not node.name.startswith("Test") or "__init__" in methods or node.bases:
        return []
    before, after = (
        _hook(methods[name]) if name in methods else []
        for name in ("setup_method", "teardown_method")
    )
    calls: list[_Test] = []
    for name, test in methods.items():
        if _is_to_be_called(test):
            steps = ", ".join([*before, f"{EACH}(test.{name})", *after])
            calls.append((f"(lambda test: ({steps},))({node.name}())", test))
    return calls


def _hook(method: ast.FunctionDef) -> list[str]:
    return [f"test.{method.name}({'None' if _required(method) > 1 else ''})"]


def _last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _statement(source: str) -> ast.stmt:
    return ast.parse(source).body[0]
