"""Programs that know nothing of a problem, and so must not pass its tests.

One that says nothing, those that always give the same answer (those of the tests among them), one
that gives back what it was given, and one that knows only the examples that the prompt shows.
"""

import ast
from collections.abc import Iterator
from textwrap import indent
from typing import Any

from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.rewards.entry_points import names_asked
from whetstone.rewards.sandbox import StdioTests

_CONSTANTS: tuple[Any, ...] = (None, True, False, 0, 1, -1, "", [])
_PRINTED = ("0", "1", "-1", "YES", "NO", "Yes", "No")
_MOST_OF_TESTS = 3
_STEP = "    "


def trivial_programs(problem: AuditedProblem) -> dict[str, str]:
    """Return programs by what they do, without doubles."""
    tests = problem.tests
    made = (
        _printing(problem, tests) if isinstance(tests, StdioTests) else _functions(problem, tests)
    )
    found: dict[str, str] = {}
    for name, program in made:
        if program not in found.values():
            found[name] = program
    return found


def _printing(problem: AuditedProblem, tests: StdioTests) -> Iterator[tuple[str, str]]:
    head = problem.prefix
    yield "does nothing", head
    outputs = list(dict.fromkeys(case.output.strip() for case in tests.cases))
    for text in (*_PRINTED, *outputs[:_MOST_OF_TESTS]):
        yield f"always prints {text[:40]!r}", f"{head}print({text!r})\n"
    yield "prints its input", f"{head}import sys\nprint(sys.stdin.read())\n"
    shown = {
        case.input: case.output
        for case in tests.cases
        if case.input.strip() in problem.prompt and case.output.strip() in problem.prompt
    }
    if shown:
        table = f"import sys\nprint({shown!r}.get(sys.stdin.read(), {outputs[0]!r}))\n"
        yield "knows the examples of the prompt", head + table


def _functions(problem: AuditedProblem, tests: str) -> Iterator[tuple[str, str]]:
    head = problem.prefix
    yield "does nothing", head
    points = problem.entry_points or tuple(sorted(names_asked(tests)))
    equations = list(_equations(tests))
    values = [value for _, value in equations]
    for value in (*_CONSTANTS, *values[:_MOST_OF_TESTS]):
        yield f"always returns {repr(value)[:40]}", head + _defined(points, f"return {value!r}")
    echo = "return arguments[0] if arguments else None"
    yield "returns its first argument", head + _defined(points, echo)
    shown = [(call, value) for call, value in equations if _is_shown(call, problem.prompt)]
    if shown:
        known = ", ".join(f"({_arguments(call)}, {value!r})" for call, value in shown)
        body = (
            f"for known, answer in ({known},):\n    if list(arguments) == known:\n"
            "        return answer"
        )
        yield "knows the examples of the prompt", head + _defined(points, body)


def _defined(points: tuple[str, ...], body: str) -> str:
    """Return definitions of all entry points, functions or methods, with one body."""
    parts = []
    for point in points:
        owner, _, name = point.strip().rpartition(".")
        if owner:
            kind = owner.removesuffix("()")
            method = f"def {name}(self, *arguments, **named):\n{indent(body, _STEP)}\n"
            parts.append(f"class {kind}:\n{indent(method, _STEP)}")
        else:
            parts.append(f"def {name}(*arguments, **named):\n{indent(body, _STEP)}\n")
    return "\n" + "\n".join(parts)


def _equations(tests: str) -> Iterator[tuple[ast.Call, Any]]:
    """Yield what `assert call == literal` says, wherever it stands."""
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Compare)
            and isinstance(node.left, ast.Call)
            and [type(one) for one in node.ops] == [ast.Eq]
        ):
            try:
                yield node.left, ast.literal_eval(node.comparators[0])
            except ValueError:
                continue


def _is_shown(call: ast.Call, prompt: str) -> bool:
    return ast.unparse(call).replace(" ", "") in prompt.replace(" ", "")


def _arguments(call: ast.Call) -> str:
    return f"[{', '.join(map(ast.unparse, call.args))}]"
