"""The vocabulary of the nano world: what a filter, a map and a reduction are.

A primitive knows how it is said in a prompt, how it is written rightly, and how it is commonly
got wrong. Everything else in this package composes primitives; none is written anywhere but in
the tables of `integers.py`, `words.py`, `characters.py` and `sequences.py`.

Texts hold upper-case slots, because braces already mean sets in Python:

    LIMIT, AMOUNT, LETTER   constants drawn for each problem (filters use the first and the last)
    NOUN                    in a map's phrase: what the filter kept, "even numbers"
    ITEMS                   in a reduction's phrase: what the map made, "the squares of the even
                            numbers"; in a comprehension: `x * x for x in nums if x % 2 == 0`
    ITEM                    in a loop: the mapped value, `x * x`
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = list[int] | list[str] | str
"""What a nano function is called with."""

Code = TypeVar("Code")


@dataclass(frozen=True)
class Comprehension:
    """A reduction written as one expression over ITEMS."""

    expression: str

    def body(self, argument: str, condition: str, item: str) -> str:
        """Return the indented body of the function; an empty condition keeps everything."""
        clause = f" if {condition}" if condition else ""
        items = f"{item} for x in {argument}{clause}"
        return f"    return {self.expression.replace('ITEMS', items)}\n"

    def __str__(self) -> str:
        return f"return {self.expression}"


@dataclass(frozen=True)
class Loop:
    """A reduction written as a loop that updates `r` with each ITEM."""

    start: str
    update: str
    result: str

    def body(self, argument: str, condition: str, item: str) -> str:
        """Return the indented body of the function; an empty condition keeps everything."""
        update = self.update.replace("ITEM", item)
        lines = [f"    r = {self.start}", f"    for x in {argument}:"]
        if condition:
            lines += [f"        if {condition}:", f"            {update}"]
        else:
            lines += [f"        {update}"]
        lines += [f"    return {self.result}", ""]
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"r = {self.start}; {self.update}; return {self.result}"


def append_then(result: str) -> Loop:
    """Return the loop that collects the items in the list `r` and returns `result`."""
    return Loop("[]", "r.append(ITEM)", result)


@dataclass(frozen=True)
class Primitive(Generic[Code]):
    """One thing a program can do, with its wordings, right variants and misconceptions.

    The first right variant is the one that references use. A primitive without misconceptions
    (keep everything, change nothing) is always right.
    """

    name: str
    phrases: tuple[str, ...]
    right: tuple[Code, ...]
    misconceptions: tuple[Code, ...] = ()


class Filter(Primitive[str]):
    """A condition on `x`; the phrase is a plural noun."""


class Map(Primitive[str]):
    """An expression of `x`; the phrase says what becomes of the NOUN."""


@dataclass(frozen=True)
class Reduce(Primitive[Comprehension | Loop]):
    """A reduction of the mapped items; the phrase says what becomes of the ITEMS."""

    sees_values: bool = True
    """False for a count, which a map cannot change: it is composed with bare filters only."""


@dataclass(frozen=True)
class Domain:
    """The functions over one type of argument."""

    name: str
    argument: str
    limits: Sequence[int]
    """What LIMIT is drawn from."""
    filters: tuple[Filter, ...]
    maps: tuple[Map, ...]
    reductions: tuple[Reduce, ...]
    pool: tuple[Value, ...]
    """Inputs that tests are chosen from. Two programs that agree on all of them count as equal."""


KEEP_EVERYTHING = ""
"""The condition of a filter that keeps everything."""

UNCHANGED = Map("unchanged", phrases=("the NOUN",), right=("x",))
