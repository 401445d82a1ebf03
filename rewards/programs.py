"""The programs of a batch, as every reward takes them: columns of the data in, source out."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from whetstone.rewards.base import Completion
from whetstone.rewards.entry_points import names_asked, root_names
from whetstone.rewards.extract import extract_code
from whetstone.rewards.languages import known_language

_Value = TypeVar("_Value")


def programs(
    completions: Sequence[Completion],
    *,
    prefix: Sequence[str | None] | None = None,
    stop: Sequence[Sequence[str] | None] | None = None,
    language: Sequence[str | None] | None = None,
    tests: Sequence[str | None] | None = None,
    entry_points: Sequence[Sequence[str] | None] | None = None,
) -> list[str]:
    """Return the program of each completion, with its prefix.

    A column, or a value of it, may be missing. Tests and entry points say which names a program is
    asked for, so that rewards that do not run it still take the same one.

    Args:
        completions: N texts, or conversations in TRL's form.
        prefix: What stands before each program, (N,).
        stop: The strings at which each completion is cut, (N,).
        language: What each program is written in, (N,); None is Python.
        tests: The source of the tests, (N,).
        entry_points: The names that each program has to define, (N,).

    """
    count = len(completions)
    return [
        (before or "")
        + extract_code(completion, stops or (), words or "python", _names(words, test, points))
        for completion, before, stops, words, test, points in zip(
            completions,
            *(_filled(column, count) for column in (prefix, stop, language, tests, entry_points)),
            strict=True,
        )
    ]


def asked_of(
    entry_points: Sequence[Sequence[str] | None] | None, count: int
) -> list[tuple[str, ...]]:
    """Return the names that each program of a batch has to define."""
    return [root_names(points or ()) for points in _filled(entry_points, count)]


def _names(
    language: str | None, tests: str | None, points: Sequence[str] | None
) -> Collection[str]:
    if known_language(language or "python") != "python":
        return ()
    return names_asked(tests or "", tuple(points or ()))


def _filled(column: Sequence[_Value | None] | None, count: int) -> Sequence[_Value | None]:
    return [None] * count if column is None else column
