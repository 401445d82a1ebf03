"""Whether a changed input is still one that the problem speaks of, as far as its tests show that.

Nobody has written down what a problem's inputs have in common, and a right program may do anything
with others. So what holds of all inputs in the tests is taken for a condition, as Daikon does
(Ernst et al. 2007): signs, ranges, lengths, order, the words that occur, how arguments relate. This
loses tests that would be right, and is no proof that those which are kept are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from whetstone.evaluation.strengthen.text_likeness import like_texts

_ENOUGH = 4
"""So many different values must share what two may share by chance."""
_ENOUGH_OF_FEW = 6
_Test = Callable[[Any], bool]
_Path = tuple[int | str, ...]
_SIZED = (list, tuple, set, dict)


class Likeness:
    """What some inputs have in common.

    Args:
        seen: At least one input: the values of its arguments, as many in each.
        reach: How many times as large as those seen the number of an argument may be; 1: not
            beyond their range.

    """

    def __init__(self, seen: Sequence[Sequence[Any]], reach: int = 2) -> None:
        places: dict[_Path, list[Any]] = {}
        for values in seen:
            for place, value in _places(values):
                places.setdefault(place, []).append(value)
        self._like = {
            place: _like(values, reach if len(place) == 1 else 1)
            for place, values in places.items()
        }
        pairs = combinations(range(len(seen[0])), 2)
        self._related = [
            (one, other, related)
            for one, other in pairs
            for related in _RELATIONS
            if all(related(values[one], values[other]) for values in seen)
        ]

    def holds(self, values: Sequence[Any]) -> bool:
        """Tell whether an input has all of it in common with them."""
        return all(
            place in self._like and self._like[place](value) for place, value in _places(values)
        ) and all(related(values[one], values[other]) for one, other, related in self._related)


def _places(values: Iterable[Any]) -> Iterator[tuple[_Path, Any]]:
    """Yield every value in an input with its place; the parts of a list share one."""
    waiting: list[tuple[_Path, Any]] = [((number,), value) for number, value in enumerate(values)]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        if isinstance(value, dict):
            waiting += [((*place, "keys"), key) for key in value]
            waiting += [((*place, "values"), inner) for inner in value.values()]
        elif isinstance(value, _SIZED):
            waiting += [((*place, "parts"), part) for part in value]


def _like(seen: Sequence[Any], reach: int) -> _Test:
    """Return a test that passes values like these, which stand at one place."""
    different = list({repr(value): value for value in seen}.values())
    if len(seen) >= _ENOUGH_OF_FEW and 2 * len(different) <= len(seen) and _are_plain(seen):
        return _one_of(different)
    tests = {
        kind: _like_kind([value for value in different if type(value) is kind], reach)
        for kind in {type(value) for value in seen}
    }
    return lambda value: type(value) in tests and tests[type(value)](value)


def _one_of(values: Sequence[Any]) -> _Test:
    return lambda value: any(type(value) is type(one) and value == one for one in values)


def _are_plain(values: Iterable[Any]) -> bool:
    return not any(isinstance(value, _SIZED) for value in values)


def _like_kind(values: Sequence[Any], reach: int) -> _Test:
    one = values[0]
    if isinstance(one, bool) or one is None:
        return lambda _: True
    if isinstance(one, int | float):
        return _like_numbers(values, reach)
    if isinstance(one, str):
        return like_texts(values)
    return _like_sized(values)


def _like_numbers(values: Sequence[Any], reach: int) -> _Test:
    """Keep signs, and ranges where they may not be exceeded."""
    tests = _shared(_OF_NUMBERS, values) + (
        _shared(_OF_NUMBERS_BY_CHANCE, values) if len(values) >= _ENOUGH else []
    )
    least, most = min(values), max(values)
    if reach > 1:
        most = reach * max(abs(least), abs(most)) + 1
        least = -most
    return lambda value: least <= value <= most and all(test(value) for test in tests)


def _like_sized(values: Sequence[Any]) -> _Test:
    tests = _shared(_OF_LISTS, values)
    lengths = {len(value) for value in values}
    if len(values) >= _ENOUGH:
        tests += _shared(_OF_LISTS_BY_CHANCE, values)
        if len(lengths) == 1:
            tests.append(lambda value: len(value) in lengths)
    most = 2 * max(lengths) + 1
    return lambda value: len(value) <= most and all(test(value) for test in tests)


def _shared(tests: Iterable[_Test], values: Sequence[Any]) -> list[_Test]:
    return [test for test in tests if all(map(test, values))]


def _in_order(value: Any) -> bool:
    try:
        return bool(list(value) == sorted(value))
    except TypeError:
        return False


def _falling(value: Any) -> bool:
    try:
        return bool(list(value) == sorted(value, reverse=True))
    except TypeError:
        return False


def _different(value: Any) -> bool:
    return len({repr(part) for part in value}) == len(value)


def _rectangular(value: Any) -> bool:
    return all(isinstance(row, list | tuple | str) for row in value) and (
        len({len(row) for row in value}) <= 1
    )


def _square(value: Any) -> bool:
    return _rectangular(value) and all(len(row) == len(value) for row in value)


def _has_each_number(value: Any) -> bool:
    """Tell whether a list, however deep, has each number from 0 or 1 to the largest, once."""
    numbers, waiting = [], list(value)
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | tuple):
            waiting += part
        elif isinstance(part, int):
            numbers.append(part)
        else:
            return False
    return sorted(numbers) in (list(range(len(numbers))), list(range(1, len(numbers) + 1)))


_OF_NUMBERS: tuple[_Test, ...] = (
    lambda number: number > 0,
    lambda number: number >= 0,
    lambda number: number < 0,
    lambda number: number <= 0,
    lambda number: number != 0,
    lambda number: number % 1 == 0,
)
_OF_NUMBERS_BY_CHANCE: tuple[_Test, ...] = (
    lambda number: number % 2 == 0,
    lambda number: number % 2 == 1,
)
_OF_LISTS: tuple[_Test, ...] = (
    bool,
    _in_order,
    _falling,
    _different,
    _rectangular,
    _square,
    _has_each_number,
)
_OF_LISTS_BY_CHANCE: tuple[_Test, ...] = (
    lambda value: len(value) % 2 == 0,
    lambda value: len(value) % 2 == 1,
)


def _numbers(one: Any, other: Any) -> bool:
    return all(
        isinstance(part, int | float) and not isinstance(part, bool) for part in (one, other)
    )


def _both_sized(one: Any, other: Any) -> bool:
    return isinstance(one, (*_SIZED, str)) and isinstance(other, (*_SIZED, str))


def _within(number: Any, sized: Any) -> bool:
    return isinstance(number, int) and isinstance(sized, (*_SIZED, str)) and number <= len(sized)


def _indexes(number: Any, sized: Any) -> bool:
    return _within(number, sized) and number < len(sized)


def _is_in(part: Any, sized: Any) -> bool:
    if isinstance(sized, str):
        return isinstance(part, str) and part in sized
    return isinstance(sized, _SIZED) and any(part == one for one in sized)


_RELATIONS: tuple[Callable[[Any, Any], bool], ...] = (
    lambda one, other: _both_sized(one, other) and len(one) == len(other),
    lambda one, other: _both_sized(one, other) and len(one) <= len(other),
    lambda one, other: _both_sized(one, other) and len(one) >= len(other),
    lambda one, other: _numbers(one, other) and one <= other,
    lambda one, other: _numbers(one, other) and one >= other,
    _within,
    _indexes,
    _is_in,
    lambda one, other: _within(other, one),
    lambda one, other: _indexes(other, one),
    lambda one, other: _is_in(other, one),
)
"""What two arguments may have to do with each other, the first before the second."""
