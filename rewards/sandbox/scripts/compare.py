"""Whether what a program printed is what it should print, by the rule that its problem names."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

_SHOWN = 60


def same_lines(output: str, expected: str, _: float) -> Iterator[str]:
    """Compare line by line, without the space around them; numbers as numbers, exactly.

    This is LiveCodeBench's rule. A line that differs is right all the same where both consist of
    numbers only that are equal as decimals: 1.50 for 1.5, but never 1.4999999.
    """
    printed, wanted = _lines(output), _lines(expected)
    for number, (line, want) in enumerate(zip(printed, wanted, strict=False), start=1):
        if line != want and not _equal_decimals(line, want):
            yield f"line {number} is {_shown(line)}, not {_shown(want)}"
    yield from _count(len(printed), len(wanted), "line")


def same_tokens(output: str, expected: str, _: float) -> Iterator[str]:
    """Compare word by word: how they are spread over lines does not matter."""
    yield from _tokens(output, expected, str.__eq__)


def close_floats(output: str, expected: str, tolerance: float) -> Iterator[str]:
    """Compare word by word, and numbers up to a tolerance."""

    def close(word: str, want: str) -> bool:
        return word == want or _close(word, want, tolerance)

    yield from _tokens(output, expected, close)


def same_text(output: str, expected: str, _: float) -> Iterator[str]:
    """Compare every character; only the line end at the very end may be missing."""
    if output.removesuffix("\n") != expected.removesuffix("\n"):
        yield f"it printed {_shown(output)}, not {_shown(expected)}"


CHECKERS: dict[str, Callable[[str, str, float], Iterator[str]]] = {
    "lines": same_lines,
    "tokens": same_tokens,
    "floats": close_floats,
    "exact": same_text,
    "livecodebench": same_lines,
}
"""Each yields what is wrong, and nothing for a right output."""


def first_difference(checker: str, output: str, expected: str, tolerance: float) -> str | None:
    """Return the first thing that is wrong with an output, or None."""
    return next(CHECKERS[checker](output, expected, tolerance), None)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _equal_decimals(line: str, want: str) -> bool:
    try:
        return [*map(Decimal, line.split())] == [*map(Decimal, want.split())]
    except InvalidOperation:
        return False


def _tokens(output: str, expected: str, equal: Callable[[str, str], bool]) -> Iterator[str]:
    printed, wanted = output.split(), expected.split()
    for number, (word, want) in enumerate(zip(printed, wanted, strict=False), start=1):
        if not equal(word, want):
            yield f"word {number} is {_shown(word)}, not {_shown(want)}"
    yield from _count(len(printed), len(wanted), "word")


def _count(printed: int, wanted: int, unit: str) -> Iterator[str]:
    if printed != wanted:
        yield f"it printed {printed} {unit}{'s' * (printed != 1)}, not {wanted}"


def _close(word: str, want: str, tolerance: float) -> bool:
    try:
        number, other = float(word), float(want)
    except ValueError:
        return False
    if math.isinf(number) or math.isinf(other):
        return number == other
    return abs(number - other) <= tolerance * max(1.0, abs(other))


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
