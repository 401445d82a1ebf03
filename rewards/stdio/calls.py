"""Calls and what they should return, as Python tests: one assertion for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from whetstone.rewards.entry_points import root_name

_RETURNED = """\
def returned(value):
    return list(value) if isinstance(value, tuple) else value
"""
"""Data sets write what is expected as JSON, which has no tuples."""


def written_calls(items: Sequence[Mapping[str, Any]], entry_points: Sequence[str]) -> str:
    """Return tests that call the first entry point with the `args` of each item.

    A result is equal to `expected` as Python has it, once a tuple has become a list: that is how
    LiveCodeBench compares.

    Raises `ValueError` where no entry point says what is called.
    """
    if not entry_points:
        raise ValueError("tests of args and expected call the first of entry_points; there is none")
    called = entry_points[0].strip()
    root_name(called)
    asserts = [
        f"assert returned({called}({', '.join(map(repr, item['args']))})) == {item['expected']!r}"
        for item in items
    ]
    return "\n".join([_RETURNED, *asserts]) + "\n"
