"""Functions over the characters of a string, `f(s)`."""

import random

from whetstone.finetuning.nano.primitives import (
    KEEP_EVERYTHING,
    UNCHANGED,
    Comprehension,
    Domain,
    Filter,
    Loop,
    Map,
    Reduce,
)
from whetstone.finetuning.nano.sequences import AS_LIST, AS_SET, ASCENDING, COUNT, DISTINCT
from whetstone.finetuning.nano.words import CONCATENATED, TWICE

FILTERS = (
    Filter(
        "all",
        phrases=("characters",),
        right=(KEEP_EVERYTHING,),
    ),
    Filter(
        "vowel",
        phrases=("vowels",),
        right=("x.lower() in 'aeiou'",),
        misconceptions=("x in 'aeiou'", "x not in 'aeiou'"),
    ),
    Filter(
        "not_vowel",
        phrases=("characters that are not vowels",),
        right=("x.lower() not in 'aeiou'",),
        misconceptions=("x not in 'aeiou'", "x in 'aeiou'"),
    ),
    Filter(
        "digit",
        phrases=("digits",),
        right=("x.isdigit()",),
        misconceptions=("x.isalpha()", "not x.isdigit()"),
    ),
    Filter(
        "upper",
        phrases=("uppercase letters", "capital letters"),
        right=("x.isupper()",),
        misconceptions=("x.islower()", "x.isalpha()"),
    ),
    Filter(
        "lower",
        phrases=("lowercase letters",),
        right=("x.islower()",),
        misconceptions=("x.isupper()", "x.isalpha()"),
    ),
    Filter(
        "letter",
        phrases=("letters",),
        right=("x.isalpha()",),
        misconceptions=("x.isalnum()", "x.islower()"),
    ),
    Filter(
        "not_space",
        phrases=("characters that are not spaces",),
        right=("x != ' '", "not x.isspace()"),
        misconceptions=("x == ' '", "x"),
    ),
    Filter(
        "other",
        phrases=("characters other than 'LETTER'",),
        right=("x != 'LETTER'",),
        misconceptions=("x == 'LETTER'",),
    ),
)

MAPS = (
    UNCHANGED,
    Map(
        "uppercase",
        phrases=("the uppercased NOUN", "the upper case forms of the NOUN"),
        right=("x.upper()",),
        misconceptions=("x.lower()", "x"),
    ),
    TWICE,
    Map(
        "lowercase",
        phrases=("the lowercased NOUN",),
        right=("x.lower()",),
        misconceptions=("x.upper()", "x"),
    ),
    Map(
        "swap_case",
        phrases=("the case-swapped NOUN",),
        right=("x.swapcase()",),
        misconceptions=("x.upper()", "x.lower()"),
    ),
)

REDUCTIONS = (
    AS_LIST,
    ASCENDING,
    AS_SET,
    DISTINCT,
    COUNT,
    CONCATENATED,
    Reduce(
        "reversed",
        phrases=("a string, in reverse order, of ITEMS",),
        right=(Comprehension("''.join(ITEMS)[::-1]"), Loop("''", "r = ITEM + r", "r")),
        misconceptions=(Comprehension("''.join(ITEMS)"), Comprehension("[ITEMS][::-1]")),
    ),
)


def _pool() -> tuple[str, ...]:
    rng = random.Random("characters")
    drawn = ("".join(rng.choices("aesStTrR 019xEA", k=rng.randint(3, 12))) for _ in range(12))
    return (
        "",
        "a",
        "Hello World 42",
        "AEIOU aeiou xyz",
        "Rate 9 Stars",
        "tests 123",
        "A1b2 C3",
        "zZ eE",
        *drawn,
    )


CHARACTERS = Domain(
    "characters",
    argument="s",
    limits=range(2, 7),
    filters=FILTERS,
    maps=MAPS,
    reductions=REDUCTIONS,
    pool=_pool(),
)
