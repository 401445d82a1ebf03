"""Functions over a list of integers, `f(nums)`."""

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
    append_then,
)
from whetstone.finetuning.nano.sequences import (
    AS_LIST,
    AS_SET,
    ASCENDING,
    COUNT,
    DISTINCT,
    REVERSED,
)

FILTERS = (
    Filter(
        "all",
        phrases=("numbers", "integers", "elements"),
        right=(KEEP_EVERYTHING,),
    ),
    Filter(
        "even",
        phrases=("even numbers", "even integers"),
        right=("x % 2 == 0", "not x % 2"),
        misconceptions=("x % 2 == 1", "x % 2"),
    ),
    Filter(
        "odd",
        phrases=("odd numbers", "odd integers"),
        right=("x % 2 == 1", "x % 2 != 0"),
        misconceptions=("x % 2 == 0", "not x % 2"),
    ),
    Filter(
        "positive",
        phrases=("positive numbers", "positive integers"),
        right=("x > 0",),
        misconceptions=("x >= 0", "x < 0"),
    ),
    Filter(
        "negative",
        phrases=("negative numbers", "negative integers"),
        right=("x < 0",),
        misconceptions=("x <= 0", "x > 0"),
    ),
    Filter(
        "nonnegative",
        phrases=("non-negative numbers",),
        right=("x >= 0",),
        misconceptions=("x > 0",),
    ),
    Filter(
        "nonzero",
        phrases=("non-zero numbers", "numbers that are not zero"),
        right=("x != 0", "x"),
        misconceptions=("x > 0", "x == 0"),
    ),
    Filter(
        "greater",
        phrases=("numbers greater than LIMIT", "numbers above LIMIT"),
        right=("x > LIMIT",),
        misconceptions=("x >= LIMIT", "x < LIMIT"),
    ),
    Filter(
        "less",
        phrases=("numbers less than LIMIT", "numbers below LIMIT"),
        right=("x < LIMIT",),
        misconceptions=("x <= LIMIT", "x > LIMIT"),
    ),
    Filter(
        "at_least",
        phrases=("numbers that are at least LIMIT",),
        right=("x >= LIMIT",),
        misconceptions=("x > LIMIT", "x <= LIMIT"),
    ),
    Filter(
        "at_most",
        phrases=("numbers that are at most LIMIT",),
        right=("x <= LIMIT",),
        misconceptions=("x < LIMIT", "x >= LIMIT"),
    ),
    Filter(
        "divisible",
        phrases=("numbers divisible by LIMIT", "multiples of LIMIT"),
        right=("x % LIMIT == 0",),
        misconceptions=("x // LIMIT == 0", "x % LIMIT"),
    ),
    Filter(
        "indivisible",
        phrases=("numbers not divisible by LIMIT",),
        right=("x % LIMIT != 0", "x % LIMIT"),
        misconceptions=("x % LIMIT == 0", "x // LIMIT != 0"),
    ),
    Filter(
        "other",
        phrases=("numbers not equal to LIMIT", "numbers other than LIMIT"),
        right=("x != LIMIT",),
        misconceptions=("x == LIMIT", "x > LIMIT"),
    ),
)

MAPS = (
    UNCHANGED,
    Map(
        "square",
        phrases=("the squares of the NOUN", "the squared NOUN"),
        right=("x * x", "x ** 2"),
        misconceptions=("x * 2", "x + x"),
    ),
    Map(
        "cube",
        phrases=("the cubes of the NOUN", "the cubed NOUN"),
        right=("x ** 3", "x * x * x"),
        misconceptions=("x * 3", "x ** 2"),
    ),
    Map(
        "double",
        phrases=("the doubled NOUN", "twice the NOUN"),
        right=("x * 2", "2 * x", "x + x"),
        misconceptions=("x ** 2", "x * x"),
    ),
    Map(
        "halve",
        phrases=("the halves, rounded down, of the NOUN",),
        right=("x // 2",),
        misconceptions=("x / 2", "x % 2"),
    ),
    Map(
        "absolute",
        phrases=("the absolute values of the NOUN", "the magnitudes of the NOUN"),
        right=("abs(x)",),
        misconceptions=("-x", "x"),
    ),
    Map(
        "negate",
        phrases=("the negated NOUN", "the opposites of the NOUN"),
        right=("-x",),
        misconceptions=("abs(x)", "1 - x"),
    ),
    Map(
        "increase",
        phrases=("the NOUN, each increased by AMOUNT,", "the NOUN plus AMOUNT"),
        right=("x + AMOUNT",),
        misconceptions=("x * AMOUNT", "x - AMOUNT"),
    ),
    Map(
        "decrease",
        phrases=("the NOUN, each decreased by AMOUNT,", "the NOUN minus AMOUNT"),
        right=("x - AMOUNT",),
        misconceptions=("AMOUNT - x", "x + AMOUNT"),
    ),
    Map(
        "multiply",
        phrases=("the NOUN multiplied by AMOUNT", "the NOUN times AMOUNT"),
        right=("x * AMOUNT", "AMOUNT * x"),
        misconceptions=("x ** AMOUNT", "x + AMOUNT"),
    ),
    Map(
        "remainder",
        phrases=("the remainders modulo AMOUNT of the NOUN",),
        right=("x % AMOUNT",),
        misconceptions=("x // AMOUNT", "x / AMOUNT"),
    ),
    Map(
        "quotient",
        phrases=("the integer quotients by AMOUNT of the NOUN",),
        right=("x // AMOUNT",),
        misconceptions=("x / AMOUNT", "x % AMOUNT"),
    ),
    Map(
        "last_digit",
        phrases=("the last digits of the NOUN",),
        right=("abs(x) % 10",),
        misconceptions=("x % 10", "x // 10"),
    ),
)

REDUCTIONS = (
    AS_LIST,
    ASCENDING,
    REVERSED,
    AS_SET,
    DISTINCT,
    COUNT,
    Reduce(
        "sum",
        phrases=("the sum of ITEMS", "the total of ITEMS"),
        right=(Comprehension("sum(ITEMS)"), Loop("0", "r += ITEM", "r")),
        misconceptions=(Comprehension("len([ITEMS])"), Loop("1", "r += ITEM", "r")),
    ),
    Reduce(
        "product",
        phrases=("the product of ITEMS",),
        right=(Loop("1", "r *= ITEM", "r"),),
        misconceptions=(Loop("0", "r *= ITEM", "r"), Comprehension("sum(ITEMS)")),
    ),
    Reduce(
        "maximum",
        phrases=(
            "the largest of ITEMS, or 0 if there are none,",
            "the maximum of ITEMS, or 0 if there are none,",
        ),
        right=(Comprehension("max([ITEMS], default=0)"), append_then("max(r, default=0)")),
        misconceptions=(
            Comprehension("max(ITEMS)"),
            Comprehension("min([ITEMS], default=0)"),
            append_then("max(r)"),
        ),
    ),
    Reduce(
        "minimum",
        phrases=(
            "the smallest of ITEMS, or 0 if there are none,",
            "the minimum of ITEMS, or 0 if there are none,",
        ),
        right=(Comprehension("min([ITEMS], default=0)"), append_then("min(r, default=0)")),
        misconceptions=(
            Comprehension("min(ITEMS)"),
            Comprehension("max([ITEMS], default=0)"),
            append_then("min(r)"),
        ),
    ),
    Reduce(
        "descending",
        phrases=("a list, sorted in descending order, of ITEMS",),
        right=(
            Comprehension("sorted([ITEMS], reverse=True)"),
            append_then("sorted(r, reverse=True)"),
        ),
        misconceptions=(Comprehension("sorted(ITEMS)"), append_then("r[::-1]")),
    ),
)


def _pool() -> tuple[list[int], ...]:
    rng = random.Random("integers")
    drawn = ([rng.randint(-12, 15) for _ in range(rng.randint(2, 7))] for _ in range(14))
    # A repeated number tells sets from lists; its neighbours tell > from >= at that limit.
    repeated = ([n, n, n - 1, n + 1, -n] for n in (2, 4, 6, 9))
    return (
        [],
        [0],
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [-3, -2, -1, 0, 1, 2, 3],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1],
        [-14, -7, 21, 35, 12, -12, 6, 0],
        *repeated,
        *drawn,
    )


INTEGERS = Domain(
    "integers",
    argument="nums",
    limits=range(2, 10),
    filters=FILTERS,
    maps=MAPS,
    reductions=REDUCTIONS,
    pool=_pool(),
)
