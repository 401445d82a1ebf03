"""The text that a program reads, as lines of words: which may change, and into what.

Its shape stays: as many lines, as many words in each, as long words, the space between them. A
number that counts something (the lines after it, their words, letters of a word) stays as well, and
so does any that might: to lose a test costs less than one that breaks the problem's conditions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

_SPACE = re.compile(r"(\s+)")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class InputText:
    """An input by lines, each of words and the space between them in turns."""

    lines: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, text: str) -> "InputText":
        """Part a text into its words."""
        return cls(tuple(tuple(_SPACE.split(line)) for line in text.split("\n")))

    @property
    def text(self) -> str:
        """The whole text again."""
        return "\n".join("".join(line) for line in self.lines)

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words of each line; none of an empty one."""
        return tuple(tuple(part for part in line if part.strip()) for line in self.lines)

    def changed(self, generator: Random, spare: Sequence[Sequence[Sequence[str]]]) -> "InputText":
        """Change a word, or let two of a line change places.

        `spare` holds the words of each line of other inputs that have as many lines.
        """
        free = [place for place in self._places() if not self._may_count(*place)]
        if not free:
            return self
        number, place = generator.choice(free)
        words = list(self.words[number])
        others = [other for line, other in free if line == number and other != place]
        if others and generator.random() < _SWAPS:
            other = generator.choice(others)
            words[place], words[other] = words[other], words[place]
        else:
            known = [lines[number][place] for lines in spare if len(lines[number]) > place]
            words[place] = _changed_word(words[place], words, known, generator)
        return self._with(number, words) if _keeps(self.words[number], words) else self

    def _with(self, number: int, words: Sequence[str]) -> "InputText":
        left = iter(words)
        line = tuple(next(left) if part.strip() else part for part in self.lines[number])
        return InputText((*self.lines[:number], line, *self.lines[number + 1 :]))

    def _places(self) -> Iterator[tuple[int, int]]:
        for number, words in enumerate(self.words):
            for place in range(len(words)):
                yield number, place

    def _may_count(self, number: int, place: int) -> bool:
        """Tell whether a number may say how much follows it."""
        word = self.words[number][place]
        if _WHOLE.fullmatch(word) is None or int(word) <= 0:
            return False
        value = int(word)
        after = [words for words in self.words[number + 1 :] if words]
        rest = self.words[number][place + 1 :]
        lengths = {len(one) for words in (*after, rest) for one in words if not is_number(one)}
        return (
            value <= len(after)
            or value == len(rest)
            or value in {len(words) for words in after}
            or value in lengths
        )


_SWAPS = 0.4


def is_number(word: str) -> bool:
    """Tell whether a word is a number."""
    return _NUMBER.fullmatch(word) is not None


def value_of(word: str) -> int | float | str:
    """Return the number that a word writes down, or the word."""
    if _WHOLE.fullmatch(word) is not None:
        return int(word)
    return float(word) if is_number(word) else word


def _changed_word(word: str, line: Sequence[str], known: Sequence[str], generator: Random) -> str:
    """Return another word: a number within those of its line, letters of the word itself."""
    if known and generator.random() < _STEPS_IN:
        return generator.choice(known)
    if _WHOLE.fullmatch(word) is not None:
        numbers = [int(one) for one in (*line, *known) if _WHOLE.fullmatch(one) is not None]
        wanted = [int(word) + 1, int(word) - 1, generator.randint(min(numbers), max(numbers))]
        return str(min(max(generator.choice(wanted), min(numbers)), max(numbers)))
    if is_number(word):
        return word
    letters = list(word)
    place, other = (generator.randrange(len(letters)) for _ in range(2))
    if generator.random() < _SWAPS:
        letters[place], letters[other] = letters[other], letters[place]
    else:
        letters[place] = letters[other]
    return "".join(generator.choice([letters, letters[::-1]]))


_STEPS_IN = 0.3


def _keeps(before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether a line is in order, without doubles or all numbers up to one, as before."""
    old, new = ([value_of(word) for word in words] for words in (before, after))
    if set(old) in (set(range(len(old))), set(range(1, len(old) + 1))) and len(old) > 1:
        return set(new) == set(old)
    if len(set(old)) == len(old) and len(set(new)) < len(new):
        return False
    numbers = all(not isinstance(value, str) for value in (*old, *new))
    ordered = numbers and len(old) > _FEW and old == sorted(old, key=float)
    return not ordered or new == sorted(new, key=float)


_FEW = 2
"""Two numbers in order say nothing about their order."""
