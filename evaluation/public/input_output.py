"""The column `input_output` of APPS, which TACO and parts of DeepCoder took over.

`{"inputs": [...], "outputs": [...]}` is what a program reads and prints. With `fn_name` each input
is the list of arguments of a call, and each output often a list of one; keys of objects are text,
where the function takes numbers. Both are as APPS' own grader has it.
"""

from collections.abc import Mapping
from typing import Any

from whetstone.evaluation.public.cases import call_tests, entry_point, parsed, stdio_tests
from whetstone.evaluation.public.problem import UnjudgeableError


def tests_of(given: str | Mapping[str, Any], starter: str) -> tuple[str, tuple[str, ...]]:
    """Return the tests and the entry points of a row, () for a program that reads its input.

    Args:
        given: the column, text or parsed.
        starter: the column `starter_code`.

    """
    if not given:
        raise UnjudgeableError("no tests")
    found = parsed(given, "tests")
    if not isinstance(found, Mapping):
        raise UnjudgeableError("tests in another layout")
    inputs, outputs = found.get("inputs") or [], found.get("outputs") or []
    if len(inputs) != len(outputs):
        raise UnjudgeableError("inputs without outputs")
    name = found.get("fn_name")
    if not name:
        return stdio_tests(zip(inputs, outputs, strict=True)), ()
    called = entry_point(name, starter)
    pairs = [
        ([*map(_with_numbers, args)] if isinstance(args, list) else args, _with_numbers(expected))
        for args, expected in zip(inputs, outputs, strict=True)
    ]
    return call_tests(called, pairs, unwraps=True), (called,)


def _with_numbers(value: Any) -> Any:
    """Return an object whose keys are whole numbers in text with numbers as keys."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return [_with_numbers(value[0])]
    if isinstance(value, dict) and value and all(key.lstrip("-").isdecimal() for key in value):
        return {int(key): inner for key, inner in value.items()}
    return value
