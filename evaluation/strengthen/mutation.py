"""Changes values a little, by their types, as EvalPlus does (Liu et al. 2023, arXiv 2305.01210).

The same generator of random numbers gives the same changes. What a change makes of a problem's
conditions is not asked here: `likeness` decides which are kept.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Change = Callable[[Any, Random, "Pool"], Any]
Pool = Sequence[Any]
"""Values that stand at the same place in other tests, or beside it."""


def mutated(value: Any, generator: Random, pool: Pool) -> Any:
    """Return a changed value of the same type, or the value where nothing can be changed.

    Args:
        value: Numbers, text, None, or lists, tuples, sets and dictionaries of these.
        generator: What draws.
        pool: Values of the same place or beside it, one of which may step in.

    """
    same = [other for other in pool if type(other) is type(value)]
    if len(same) > 1 and generator.random() < _STEPS_IN:
        return generator.choice(same)
    change = _CHANGES.get(type(value))
    return value if change is None else change(value, generator, same)


_STEPS_IN = 0.2


def _number(value: Any, generator: Random, _: Pool) -> Any:
    return generator.choice(
        [value + 1, value - 1, type(value)(0), -value, 2 * value, 2 * value + 1, value + 10]
    )


def _fraction(value: float, generator: Random, pool: Pool) -> Any:
    return generator.choice([_number(value, generator, pool), value / 2, round(value)])


def _truth(value: bool, *_: Any) -> Any:
    return not value


def _text(value: str, generator: Random, pool: Pool) -> str:
    """Change a word by its letters, and what has several by its words."""
    words = value.split(" ")
    if len(words) > 1 and generator.random() < _BY_WORDS:
        spare = [word for other in pool for word in other.split(" ")]
        return " ".join(_spread(words, generator, spare))
    if generator.random() < _BY_CASE:
        return generator.choice([value.swapcase(), value.upper(), value.lower(), value.title()])
    return "".join(_spread(list(value), generator, [letter for other in pool for letter in other]))


_BY_WORDS, _BY_CASE = 0.7, 0.1


def _listed(value: Any, generator: Random, pool: Pool) -> Any:
    spare = [part for other in pool for part in other]
    parts = list(value)
    if parts and generator.random() < _INSIDE:
        place = generator.randrange(len(parts))
        parts[place] = mutated(parts[place], generator, spare)
    else:
        parts = _spread(parts, generator, spare)
    return type(value)(parts)


_INSIDE = 0.6


def _set(value: set[Any], generator: Random, pool: Pool) -> set[Any]:
    ordered = [sorted(other, key=repr) for other in (value, *pool)]
    return set(_listed(ordered[0], generator, ordered[1:]))


def _mapping(value: dict[Any, Any], generator: Random, pool: Pool) -> dict[Any, Any]:
    if not value:
        return dict(generator.choice(pool)) if pool else value
    key = generator.choice(list(value))
    if generator.random() < _INSIDE:
        spare = [inner for other in pool for inner in other.values()]
        return value | {key: mutated(value[key], generator, spare)}
    return {name: inner for name, inner in value.items() if name != key}


def _spread(parts: list[Any], generator: Random, spare: Sequence[Any]) -> list[Any]:
    """Return a list shortened, reversed, sorted, or with parts doubled, swapped or put in."""
    if not parts:
        return [generator.choice(spare)] if spare else parts
    place, other = (generator.randrange(len(parts)) for _ in range(2))
    swapped = list(parts)
    swapped[place], swapped[other] = parts[other], parts[place]
    choices = [
        parts[:place] + parts[place + 1 :],
        [*parts[:place], parts[place], *parts[place:]],
        parts[::-1],
        swapped,
        parts[: len(parts) // 2],
        [],
        parts + parts,
    ]
    if spare:
        choices.append([*parts[:place], generator.choice(spare), *parts[place:]])
        choices.append([*parts[:place], generator.choice(spare), *parts[place + 1 :]])
    return generator.choice(choices)


_CHANGES: dict[type, Change] = {
    bool: _truth,
    int: _number,
    float: _fraction,
    str: _text,
    list: _listed,
    tuple: _listed,
    set: _set,
    dict: _mapping,
}
