"""Tests that call a function: changed arguments, and a new test in the words of the others."""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from whetstone.evaluation.strengthen.answers import ProgramAnswer, answers_to_calls, as_json
from whetstone.evaluation.strengthen.calls_read import (
    DEFAULT_TOLERANCE,
    Arguments,
    Calls,
    Comparison,
)
from whetstone.evaluation.strengthen.form import Test, UnwritableTestError, changed_inputs
from whetstone.evaluation.strengthen.likeness import Likeness
from whetstone.evaluation.strengthen.mutation import mutated
from whetstone.evaluation.strengthen.plain import fractions, is_plain, written
from whetstone.rewards.sandbox import AnyTests, Sandbox
from whetstone.rewards.stdio.calls import written_calls

_ADDED = re.compile(r"^def test_added_(\d+)\(", re.MULTILINE)
_SILENT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
DISAGREE = "right programs disagree"


@dataclass(frozen=True)
class _ChangedCalls:
    """How the arguments of a call become others."""

    seen: tuple[Arguments, ...]

    @cached_property
    def _likeness(self) -> dict[tuple[Any, ...], Likeness]:
        shapes: dict[tuple[Any, ...], list[Sequence[Any]]] = {}
        for one in self.seen:
            shapes.setdefault(_shape(one), []).append(one.values)
        return {shape: Likeness(values) for shape, values in shapes.items()}

    def changed(self, given: Arguments, generator: Random) -> Arguments:
        if not given.values:
            return given
        values = list(given.values)
        place = generator.randrange(len(values))
        pool = [one.values[place] for one in self.seen if len(one.values) == len(values)]
        # Limits show where two arguments are equal.
        values[place] = mutated(values[place], generator, [*pool, *given.values])
        return Arguments(tuple(values), given.names)

    def is_like(self, given: Arguments) -> bool:
        return self._likeness[_shape(given)].holds(given.values)


def _shape(given: Arguments) -> tuple[Any, ...]:
    return len(given.values), given.names


class SourceForm:
    """Tests that are source: `assert f(args) == value`.

    Args:
        tests: The source.
        calls: What it says of the function that is tested.

    """

    def __init__(self, tests: str, calls: Calls) -> None:
        self._tests, self._calls = tests, calls

    def inputs(self, most: int, generator: Random) -> list[Arguments]:
        """Return changed arguments of calls."""
        seen = self._calls.inputs
        found = changed_inputs(seen, _ChangedCalls(seen), most, generator)
        return [one for one in found if written(list(one.values)) is not None]

    def answers(
        self,
        sandbox: Sandbox,
        programs: Sequence[str],
        inputs: Sequence[Arguments],
        timeout_s: float,
    ) -> list[list[ProgramAnswer]]:
        """Return what each program returns for each call, (programs, inputs)."""
        calls = [given.call(self._calls.called) for given in inputs]
        return answers_to_calls(sandbox, programs, calls, timeout_s)

    def test(self, given: Arguments, answers: Sequence[Any]) -> Test:
        """Write a statement that asserts what all right programs returned."""
        value, call = answers[0], given.call(self._calls.called)
        if self._calls.results and not _fits(value, self._calls.results):
            raise UnwritableTestError("it returns another type than in the tests")
        if self._calls.comparison is Comparison.TRUTH:
            require_agreement(all(bool(other) == bool(value) for other in answers))
            return f"assert {call}" if value else f"assert not {call}"
        if type(value) is float or self._calls.comparison is Comparison.CLOSE:
            return _close(call, value, answers, self._calls.tolerance)
        _require_exact(value, given)
        require_agreement(all(other == value for other in answers))
        return f"assert {call} == {value!r}"

    def alone(self, tests: Sequence[Test]) -> AnyTests:
        """Return these statements."""
        return "\n".join(tests) + "\n"

    def added(self, tests: Sequence[Test]) -> str:
        """Return the source with these statements after it.

        Where a runner would call its functions, each new statement is in one as well: with a
        statement of its own among them, no function would be called.
        """
        head = self._tests.rstrip("\n") + "\n\n"
        if not _waits_for_a_runner(self._tests):
            return head + "\n".join(tests) + "\n"
        first = 1 + max(map(int, _ADDED.findall(self._tests)), default=0)
        functions = (f"def test_added_{n}():\n    {test}\n" for n, test in enumerate(tests, first))
        return head + "\n\n".join(functions)

    def read(self, column: str) -> AnyTests:
        """Return the source itself."""
        return column


class CallListForm(SourceForm):
    """Tests that are a list of `{"args", "expected"}`, compared as JSON: a tuple is a list.

    Args:
        items: The list.
        entry_points: Those of the problem; the first is called.

    """

    def __init__(self, items: Sequence[dict[str, Any]], entry_points: Sequence[str]) -> None:
        inputs = {repr(item["args"]): Arguments(tuple(item["args"])) for item in items}
        plain = tuple(one for one in inputs.values() if is_plain(one.values))
        results = frozenset(type(item["expected"]) for item in items)
        super().__init__("", Calls(entry_points[0].strip(), plain, results, Comparison.EQUAL))
        self._items, self._entry_points = items, entry_points

    def test(self, given: Arguments, answers: Sequence[Any]) -> Test:
        """Write an object of JSON with what all right programs returned."""
        try:
            told = [as_json(answer) for answer in answers]
            args = as_json(list(given.values))
        except ValueError as error:
            raise UnwritableTestError("it returns what JSON cannot hold") from error
        if not _fits(told[0], self._calls.results):
            raise UnwritableTestError("it returns another type than in the tests")
        _require_exact(told[0], given)
        require_agreement(all(other == told[0] for other in told))
        return {"args": args, "expected": told[0]}

    def alone(self, tests: Sequence[Test]) -> AnyTests:
        """Return these calls as the tests that are run of them."""
        return written_calls(tests, self._entry_points)

    def added(self, tests: Sequence[Test]) -> str:
        """Return the list with these after it, as JSON."""
        return json.dumps([*self._items, *tests], ensure_ascii=False)

    def read(self, column: str) -> AnyTests:
        """Return the calls of a list, as they are run."""
        return written_calls(json.loads(column), self._entry_points)


def require_agreement(agrees: bool) -> None:
    """Raise `UnwritableTestError` where right programs do not answer the same."""
    if not agrees:
        raise UnwritableTestError(DISAGREE)


def _require_exact(value: Any, given: Arguments) -> None:
    """Raise `UnwritableTestError` for fractions that were not given: they may be rounded."""
    if not set(fractions(value)).issubset(fractions(given.values)):
        raise UnwritableTestError("it returns fractions, which may be rounded otherwise")


def _close(call: str, value: Any, answers: Sequence[Any], tolerance: float) -> str:
    numbers = [one for one in answers if isinstance(one, int | float)]
    if len(numbers) < len(answers):
        raise UnwritableTestError("it returns another type than in the tests")
    allowed = max(tolerance, DEFAULT_TOLERANCE * abs(value))
    require_agreement(all(abs(other - value) <= allowed / 2 for other in numbers))
    return f"assert abs({call} - {f'({value!r})' if value < 0 else repr(value)}) <= {allowed!r}"


def _fits(value: Any, types: frozenset[type]) -> bool:
    """Tell whether the tests return such values; a whole number may stand for another number."""
    return type(value) in types or (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and not types.isdisjoint({int, float})
    )


def _waits_for_a_runner(tests: str) -> bool:
    """Tell whether nothing in the tests asserts by itself, so that their functions are called."""
    return all(
        isinstance(node, (*_SILENT, ast.Assign)) or _is_main(node) or _is_text(node)
        for node in ast.parse(tests).body
    )


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
