"""Tests as other people write them, turned into statements that run: for pytest, for unittest.

A function `test_...` that nobody calls is called, and so is every method of a class of tests; what
would start a runner, which reports to nobody here, is left out. `from solution import f` names the
program. What is not recognised stays as it is.
"""

import ast
from dataclasses import dataclass

PROGRAM_MODULES = frozenset({"solution", "main", "__main__", "your_module"})
"""Names under which tests import the program."""

EACH = "@each"
"""The name of `rewards.sandbox.each.each` in the tests."""

_RUNNERS = frozenset({"unittest.main", "pytest.main"})
_CASES = frozenset({"TestCase", "IsolatedAsyncioTestCase"})


@dataclass(frozen=True)
class Unfolded:
    """Tests with every test in them called, and the program's names as such."""

    body: list[ast.stmt]
    calls: frozenset[int]
    """Identities of the statements that call a test."""
    names_program: bool
    """Whether the tests imported the program, and do no longer."""


def unfold(tree: ast.Module) -> Unfolded:
    """Read a module of tests."""
    without = _WithoutModule()
    named = without.visit(tree)
    body = [node for node in named.body if not _starts_a_runner(node)]
    used = {part.id for node in body for part in ast.walk(node) if isinstance(part, ast.Name)}
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    unfolded: list[ast.stmt] = []
    calls: list[ast.stmt] = []
    for node in body:
        unfolded.append(node)
        made: list[ast.stmt] = []
        if isinstance(node, ast.FunctionDef):
            made = _call_of(node, used)
        elif isinstance(node, ast.ClassDef) and _is_case(node, classes):
            made = _calls_of_case(node, classes)
        elif isinstance(node, ast.ClassDef) and node.name not in used:
            made = _calls_of_class(node)
        for call in made:
            ast.fix_missing_locations(ast.copy_location(call, node))
        unfolded += made
        calls += made
    return Unfolded(unfolded, frozenset(map(id, calls)), without.found)


class _WithoutModule(ast.NodeTransformer):
    """Leaves out imports of the program: its names are the program's anyway."""

    def __init__(self) -> None:
        self._modules: set[str] = set()
        self.found = False

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        if node.level or node.module not in PROGRAM_MODULES:
            return node
        self.found = True
        renamed = [alias for alias in node.names if alias.asname not in {None, alias.name}]
        if not renamed:
            return ast.copy_location(ast.Pass(), node)
        targets = [ast.Name(str(alias.asname), ast.Store()) for alias in renamed]
        values = [ast.Name(alias.name, ast.Load()) for alias in renamed]
        pair = ast.Assign([ast.Tuple(list(targets), ast.Store())], ast.Tuple(list(values), _LOAD))
        return ast.fix_missing_locations(ast.copy_location(pair, node))

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        own = [alias for alias in node.names if alias.name in PROGRAM_MODULES]
        self.found |= bool(own)
        self._modules |= {alias.asname or alias.name for alias in own}
        node.names = [alias for alias in node.names if alias not in own]
        return node if node.names else ast.copy_location(ast.Pass(), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in self._modules:
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        self.generic_visit(node)
        return node


_LOAD = ast.Load()
_METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _starts_a_runner(node: ast.stmt) -> bool:
    """Tell `unittest.main()`, alone or under `if __name__ == "__main__":`."""
    match node:
        case ast.Expr(ast.Call(func=function)):
            return ast.unparse(function) in _RUNNERS
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body, orelse=[]):
            return all(map(_starts_a_runner, body))
    return False


def _call_of(function: ast.FunctionDef, used: set[str]) -> list[ast.stmt]:
    if not function.name.startswith("test") or function.name in used:
        return []
    if not function.decorator_list and _required(function):
        return []  # pytest would give it fixtures, which are not here
    call = f"each({function.name})" if function.decorator_list else f"{function.name}()"
    return [_statement(call)]


def _required(function: ast.FunctionDef) -> int:
    return len(function.args.args) - len(function.args.defaults)


def _is_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    bases = [name for name in map(_last_name, node.bases) if name != node.name]
    return any(
        name in _CASES or (name in classes and _is_case(classes[name], classes)) for name in bases
    )


def _calls_of_case(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[ast.stmt]:
    """Run a test of `unittest` as its `debug` does, which raises what is wrong."""
    methods = _method_names(node, classes)
    calls = [f"{node.name}({name!r}).debug()" for name in methods if name.startswith("test")]
    if calls and "setUpClass" in methods:
        calls.insert(0, f"{node.name}.setUpClass()")
    if calls and "tearDownClass" in methods:
        calls.append(f"{node.name}.tearDownClass()")
    return list(map(_statement, calls))


def _method_names(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[str]:
    own = [part.name for part in node.body if isinstance(part, _METHODS)]
    bases = [name for name in map(_last_name, node.bases) if name in classes and name != node.name]
    inherited = [name for base in bases for name in _method_names(classes[base], classes)]
    return list(dict.fromkeys([*inherited, *own]))


def _calls_of_class(node: ast.ClassDef) -> list[ast.stmt]:
    """Run the methods of a class as pytest does, each on an instance of its own."""
    methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    if not node.name.startswith("Test") or "__init__" in methods or node.bases:
        return []
    around = []
    for name in ("setup_method", "teardown_method"):
        given = "None" if name in methods and _required(methods[name]) > 1 else ""
        around.append([f"test.{name}({given})"] if name in methods else [])
    return [
        _statement(
            "(lambda test: ({},))({}())".format(
                ", ".join([*around[0], f"each(test.{name})", *around[1]]), node.name
            )
        )
        for name in methods
        if name.startswith("test")
    ]


def _last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _statement(source: str) -> ast.stmt:
    """Parse a statement of ours, in which `each` is that of `rewards.sandbox.each`."""
    statement = ast.parse(source).body[0]
    for part in ast.walk(statement):
        if isinstance(part, ast.Name) and part.id == "each":
            part.id = EACH
    return statement
