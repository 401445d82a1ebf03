"""Tests of a row that are a list: of inputs and outputs, or of arguments and expected values.

A list may come as JSON text as well, since a table has one type for a column, and inputs and
outputs also as two lists of one length, as APPS has them. Lists of calls are written out as Python
tests; those of inputs and outputs stay what they are.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from whetstone.rewards.sandbox.scripts.tests import CHECK, DEFAULT_TOLERANCE, Case, StdioTests
from whetstone.rewards.stdio.calls import written_calls

_STDIO, _CALL = frozenset({"input", "output"}), frozenset({"args", "expected"})
_TWO_LISTS = frozenset({"inputs", "outputs"})
_KEPT = 4096


class WrongTestsError(ValueError):
    """A list of tests that cannot judge a program; the message says why, for people."""


def as_text(tests: str | Sequence[Any] | Mapping[str, Any]) -> str:
    """Return tests as text, so that every row of a table has the same type.

    A list of statements becomes source, everything else JSON. Raises `WrongTestsError` for what
    JSON cannot hold.
    """
    if isinstance(tests, str):
        return tests
    if not isinstance(tests, Mapping) and tests and all(isinstance(test, str) for test in tests):
        return "\n".join(tests)
    try:
        held = dict(tests) if isinstance(tests, Mapping) else list(tests)
        return json.dumps(held, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise WrongTestsError(f"no JSON: {error}") from error


def are_a_list(tests: str) -> bool:
    """Tell whether this text is a list of tests (or two of them), and not Python source.

    Source that begins with a bracket would be an expression that asks nothing.
    """
    return tests.lstrip()[:1] in {"[", "{"}


@lru_cache(maxsize=_KEPT)
def read_tests(
    tests: str,
    entry_points: tuple[str, ...] = (),
    checker: str | None = None,
    tolerance: float | None = None,
    timeout_s: float | None = None,
    memory_mb: float | None = None,
) -> str | StdioTests:
    """Return what a row's tests are: Python source, also for calls, or inputs and outputs.

    Raises:
        WrongTestsError: they are a list of something else, or a checker is not known.

    """
    if not are_a_list(tests):
        return tests
    items = _items(tests)
    if set(items[0]) == _CALL:
        try:
            return written_calls(items, entry_points)
        except ValueError as error:
            raise WrongTestsError(str(error)) from error
    if CHECK not in (checker or "") and not any(item["output"].strip() for item in items):
        raise WrongTestsError("every expected output is empty, so a program of nothing passes")
    if CHECK in (checker or ""):
        _require_python(checker or "")
    for name, value in (
        ("tolerance", tolerance),
        ("timeout_s", timeout_s),
        ("memory_mb", memory_mb),
    ):
        if value is not None and not isinstance(value, int | float):
            raise WrongTestsError(f"{name}={value!r}: expected a number")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise WrongTestsError(f"tolerance={tolerance}: give at least 0 and less than 1")
    try:
        return StdioTests(
            tuple(Case(item["input"], item["output"]) for item in items),
            checker or "lines",
            DEFAULT_TOLERANCE if tolerance is None else tolerance,
            timeout_s,
            None if memory_mb is None else int(memory_mb),
        )
    except ValueError as error:
        raise WrongTestsError(str(error)) from error


def _require_python(checker: str) -> None:
    try:
        compile(checker, "<checker>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise WrongTestsError(f"checker: not Python: {error}") from error


def _items(tests: str) -> list[dict[str, Any]]:
    try:
        items = json.loads(tests)
    except (ValueError, RecursionError) as error:
        raise WrongTestsError(f"they begin like a list but are not JSON: {error}") from error
    if isinstance(items, dict):
        items = _paired(items)
    if not isinstance(items, list) or not items:
        raise WrongTestsError("the list has no tests")
    for index, item in enumerate(items):
        if not isinstance(item, Mapping) or set(item) not in (_STDIO, _CALL):
            raise WrongTestsError(
                f"[{index}]: expected an object with input and output, or with args and expected;"
                f" found {_found(item)}"
            )
        if set(item) != set(items[0]):
            raise WrongTestsError(f"[{index}]: a call among inputs and outputs; choose one kind")
        if set(item) == _STDIO and not all(isinstance(text, str) for text in item.values()):
            raise WrongTestsError(
                f"[{index}]: input and output are text, as it is read and printed"
            )
        if set(item) == _CALL and not isinstance(item["args"], list):
            raise WrongTestsError(f"[{index}]: args is the list of arguments of one call")
    return items


def _paired(lists: dict[str, Any]) -> list[dict[str, Any]]:
    """Read `{"inputs": [...], "outputs": [...]}`."""
    if set(lists) != _TWO_LISTS:
        remedy = "calls of a function are written as a list of objects with args and expected"
        also = f"; {remedy}" if "fn_name" in lists else ""
        raise WrongTestsError(
            f"expected an object with inputs and outputs, found {_found(lists)}{also}"
        )
    read, printed = lists["inputs"], lists["outputs"]
    if not isinstance(read, list) or not isinstance(printed, list) or len(read) != len(printed):
        raise WrongTestsError("inputs and outputs are two lists of one length")
    return [{"input": one, "output": other} for one, other in zip(read, printed, strict=True)]


def _found(item: Any) -> str:
    return ", ".join(sorted(map(str, item))) if isinstance(item, Mapping) else type(item).__name__
