"""Calls a test once for each row of `pytest.mark.parametrize`: what pytest would do with it."""

import itertools
from collections.abc import Callable
from typing import Any


def each(test: Callable[..., Any]) -> None:
    """Call a test with every combination of the values that its marks give."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    rows = [list(_rows(*mark.args, **mark.kwargs)) for mark in marks]
    if not all(rows):
        raise AssertionError("there is no row to test with")
    for combination in itertools.product(*rows):
        test(**{name: value for row in combination for name, value in row.items()})


def _rows(argnames: Any, argvalues: Any, **_: Any) -> Any:
    names = argnames.split(",") if isinstance(argnames, str) else argnames
    split = [name.strip() for name in names]
    for value in argvalues:
        given = value.values if hasattr(value, "marks") else (value,) if len(split) == 1 else value
        yield dict(zip(split, given, strict=True))
