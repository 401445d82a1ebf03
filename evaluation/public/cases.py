"""Inputs and outputs of a public data set, written as the tests of a row.

Two forms: what a program reads and prints, and calls of a function. Data sets keep what a call
returns as JSON and often in a list of one, without saying so; graders take either, and so do these
tests.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from whetstone.evaluation.public.problem import UnjudgeableError

_HEAD = """\
def returned(value):
    return list(value) if isinstance(value, tuple) else value
"""


def parsed(text: str | Sequence[Any] | Mapping[str, Any], what: str) -> Any:
    """Return what JSON text holds; what is no text is returned as it is.

    Raises:
        UnjudgeableError: it is no JSON, or an integer of thousands of digits is in it.

    """
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnjudgeableError(f"{what} that are no JSON") from error


def stdio_tests(pairs: Iterable[tuple[Any, Any]]) -> str:
    """Return tests of what is read and printed; a list is its lines."""
    items = [{"input": _text(read), "output": _text(printed)} for read, printed in pairs]
    if not items:
        raise UnjudgeableError("no tests")
    return json.dumps(items, ensure_ascii=False)


def call_tests(called: str, pairs: Iterable[tuple[Any, Any]], *, unwraps: bool = False) -> str:
    """Return tests of calls: each pair is a list of arguments, and what is returned for them.

    Args:
        called: a function, or a path to a method.
        pairs: arguments and what is expected, as JSON has them.
        unwraps: whether a list of one may also stand for what is in it.

    """
    items = [{"args": args, "expected": expected} for args, expected in pairs]
    if not items:
        raise UnjudgeableError("no tests")
    if any(not isinstance(item["args"], list) for item in items):
        raise UnjudgeableError("arguments that are no list")
    try:
        text = json.dumps(items, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UnjudgeableError("tests with infinite numbers") from error
    if not (unwraps and any(map(_is_wrapped, (item["expected"] for item in items)))):
        return text
    return "\n".join([_HEAD, *(_assertion(called, **item) for item in items)]) + "\n"


def entry_point(name: str, starter: str) -> str:
    """Return the path of a function: a method where the starter has LeetCode's class."""
    return f"Solution().{name}" if "class Solution" in starter else name


def _assertion(called: str, args: list[Any], expected: Any) -> str:
    call = f"returned({called}({', '.join(map(repr, args))}))"
    if _is_wrapped(expected):
        return f"assert {call} in ({expected!r}, {expected[0]!r})"
    return f"assert {call} == {expected!r}"


def _is_wrapped(expected: Any) -> bool:
    return isinstance(expected, list) and len(expected) == 1


def _text(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
