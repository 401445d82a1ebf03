"""Whether a changed text is still like those of the tests: letters, words, lengths, brackets.

A text of several words may only have words that were seen, and numbers where there were some: a
sentence of a small language (`two plus three`) stays one of it. Punctuation that all texts have as
often stays, as in dates.
"""

from collections.abc import Callable, Sequence

_ENOUGH = 4
_Test = Callable[[str], bool]
_OPENING = {")": "(", "]": "[", "}": "{", ">": "<"}


def like_texts(seen: Sequence[str]) -> _Test:
    """Return a test that passes texts like these, which are different and at least one."""
    tests = [test for test in _OF_TEXTS if all(map(test, seen))]
    if len(seen) >= _ENOUGH:
        tests += [test for test in _BY_CHANCE if all(map(test, seen))]
    lengths = {len(text) for text in seen}
    if len(seen) >= _ENOUGH and len(lengths) == 1:
        tests.append(lambda text: len(text) in lengths)
    tests += _marks(seen)
    most = 2 * max(lengths) + 1
    tests.append(_like_words(seen) if any(" " in text for text in seen) else _like_letters(seen))
    return lambda text: len(text) <= most and all(test(text) for test in tests)


def _like_letters(seen: Sequence[str]) -> _Test:
    """Letters and digits stand for others of their kind; other signs must have been seen."""
    kinds = {_kind(letter) for text in seen for letter in text}
    return lambda text: all(_kind(letter) in kinds for letter in text)


def _like_words(seen: Sequence[str]) -> _Test:
    known = {word for text in seen for word in text.split()}
    everywhere = set.intersection(*(set(text.split()) for text in seen)) if len(seen) > 1 else set()
    numbers = any(map(str.isdecimal, known))

    def test(text: str) -> bool:
        words = text.split()
        return everywhere.issubset(words) and all(
            word in known or (numbers and word.isdecimal()) for word in words
        )

    return test


def _marks(seen: Sequence[str]) -> list[_Test]:
    """Keep the number of each sign that two texts or more have as often, and more than never."""
    signs = {letter for letter in seen[0] if not letter.isalnum()} if len(seen) > 1 else set()
    counts = {sign: {text.count(sign) for text in seen} for sign in sorted(signs)}
    fixed = {sign: number for sign, found in counts.items() for number in found if len(found) == 1}
    return [lambda text: all(text.count(sign) == number for sign, number in fixed.items())]


def _kind(letter: str) -> str:
    if not letter.isascii():
        return letter
    return (
        "a"
        if letter.islower()
        else "A"
        if letter.isupper()
        else "0"
        if letter.isdigit()
        else letter
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_balanced(text: str) -> bool:
    waiting: list[str] = []
    for sign in text:
        if sign in _OPENING.values():
            waiting.append(sign)
        elif sign in _OPENING and (not waiting or waiting.pop() != _OPENING[sign]):
            return False
    return not waiting


_OF_TEXTS: tuple[_Test, ...] = (
    bool,
    str.isdecimal,
    str.isalpha,
    str.isalnum,
    str.isupper,
    str.islower,
    str.istitle,
    str.isidentifier,
    _is_number,
    _is_balanced,
    lambda text: text == text.strip(),
    lambda text: "  " not in text,
    lambda text: len(set(text)) == len(text),
)
_BY_CHANCE: tuple[_Test, ...] = (
    lambda text: text == text[::-1],
    lambda text: len(text) % 2 == 0,
)
