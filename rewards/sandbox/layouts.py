"""Tests as files for pytest and unittest have them: nobody calls them, since a runner would.

Where nothing else in the tests judges, every function `test...`, every method of a `TestCase` and
of a class `Test...` is called here, as the runner would do it. What starts a runner is left out: it
would report to nobody. One that is skipped by a decorator is not called, and none skips itself: a
program could raise what does so. Refused are tests that want fixtures.
"""

import ast
from dataclasses import dataclass

EACH = "__each__"
"""The name of `whetstone.rewards.sandbox.parametrize.each` in the tests."""

_RUNNERS = frozenset({"unittest.main", "pytest.main"})
_CASES = frozenset({"TestCase", "IsolatedAsyncioTestCase"})
_METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_CALLED = ("skip", "xfail", "expectedFailure")


@dataclass(frozen=True)
class Called:
    """Tests with every one of them called."""

    tree: ast.Module
    calls: frozenset[int]
    """Identities of the statements that call one."""
    fixtures: tuple[str, ...]
    """Functions that cannot be called, since they want arguments that only pytest has."""


def with_calls(tree: ast.Module) -> Called:
    """Call the tests of a module that a runner would call."""
    body = [node for node in tree.body if not _starts_a_runner(node)]
    used = {part.id for node in body for part in ast.walk(node) if isinstance(part, ast.Name)}
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    called: list[ast.stmt] = []
    calls: list[ast.stmt] = []
    for node in body:
        made = [*map(_statement, _calls_of(node, used, classes))]
        for call in made:
            for part in ast.walk(call):
                ast.copy_location(part, node)
        called += [node, *made]
        calls += [call for call in made if not _prepares(call)]
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    fixtures = tuple(node.name for node in functions if _wants_fixtures(node, used))
    return Called(ast.Module(called, []), frozenset(map(id, calls)), fixtures)


def _prepares(call: ast.stmt) -> bool:
    return ast.unparse(call).endswith(("setUpClass()", "tearDownClass()"))


def _starts_a_runner(node: ast.stmt) -> bool:
    """Tell `unittest.main()`, alone or under `if __name__ == "__main__":`."""
    match node:
        case ast.Expr(ast.Call(func=function)):
            return ast.unparse(function) in _RUNNERS
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body, orelse=[]):
            return all(map(_starts_a_runner, body))
    return False


def _calls_of(node: ast.stmt, used: set[str], classes: dict[str, ast.ClassDef]) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return _call_of(node, used)
    if not isinstance(node, ast.ClassDef):
        return []
    if _is_case(node, classes):
        return _calls_of_case(node, classes)
    return [] if node.name in used else _calls_of_class(node)


def _call_of(function: ast.FunctionDef, used: set[str]) -> list[str]:
    if not _is_test(function, used) or _wants_fixtures(function, used):
        return []
    return [f"{EACH}({function.name})" if function.decorator_list else f"{function.name}()"]


def _is_test(function: ast.FunctionDef, used: set[str]) -> bool:
    return _is_to_be_called(function) and function.name not in used


def _is_to_be_called(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = (getattr(mark, "func", mark) for mark in function.decorator_list)
    return function.name.startswith("test") and not any(
        _last_name(mark).startswith(_NOT_CALLED) for mark in marks
    )


def _wants_fixtures(function: ast.FunctionDef, used: set[str]) -> bool:
    return _is_test(function, used) and not function.decorator_list and _required(function) > 0


def _required(function: ast.FunctionDef) -> int:
    return len(function.args.args) - len(function.args.defaults)


def _is_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    bases = [name for name in map(_last_name, node.bases) if name != node.name]
    return any(
        name in _CASES or (name in classes and _is_case(classes[name], classes)) for name in bases
    )


def _calls_of_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[str]:
    """Run a test of `unittest` as its `debug` does, which raises what is wrong."""
    methods = _methods(node, classes)
    tests = [name for name, method in methods.items() if _is_to_be_called(method)]
    calls = [f"{node.name}({name!r}).debug()" for name in tests]
    if calls and "setUpClass" in methods:
        calls.insert(0, f"{node.name}.setUpClass()")
    if calls and "tearDownClass" in methods:
        calls.append(f"{node.name}.tearDownClass()")
    return calls


def _methods(
    node: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    bases = [name for name in map(_last_name, node.bases) if name in classes and name != node.name]
    found = {n: part for base in bases for n, part in _methods(classes[base], classes).items()}
    return found | {part.name: part for part in node.body if isinstance(part, _METHODS)}


def _calls_of_class(node: ast.ClassDef) -> list[str]:
    """Run the methods of a class as pytest does, each on an instance of its own."""
    methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    if not node.name.startswith("Test") or "__init__" in methods or node.bases:
        return []
    before, after = (
        _hook(methods[name]) if name in methods else []
        for name in ("setup_method", "teardown_method")
    )
    return [
        "(lambda test: ({},))({}())".format(
            ", ".join([*before, f"{EACH}(test.{name})", *after]), node.name
        )
        for name, method in methods.items()
        if _is_to_be_called(method)
    ]


def _hook(method: ast.FunctionDef) -> list[str]:
    return [f"test.{method.name}({'None' if _required(method) > 1 else ''})"]


def _last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _statement(source: str) -> ast.stmt:
    return ast.parse(source).body[0]
