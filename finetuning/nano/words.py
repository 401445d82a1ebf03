"""Functions over a list of words, `f(words)`."""

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
        phrases=("words", "strings"),
        right=(KEEP_EVERYTHING,),
    ),
    Filter(
        "longer",
        phrases=("words longer than LIMIT", "words with more than LIMIT letters"),
        right=("len(x) > LIMIT",),
        misconceptions=("len(x) >= LIMIT", "len(x) < LIMIT"),
    ),
    Filter(
        "shorter",
        phrases=("words shorter than LIMIT", "words with fewer than LIMIT letters"),
        right=("len(x) < LIMIT",),
        misconceptions=("len(x) <= LIMIT", "len(x) > LIMIT"),
    ),
    Filter(
        "of_length",
        phrases=("words of length LIMIT",),
        right=("len(x) == LIMIT",),
        misconceptions=("len(x) >= LIMIT", "x == LIMIT"),
    ),
    Filter(
        "starting",
        phrases=("words starting with 'LETTER'",),
        right=("x.startswith('LETTER')", "x[:1] == 'LETTER'"),
        misconceptions=("'LETTER' in x", "x.endswith('LETTER')"),
    ),
    Filter(
        "ending",
        phrases=("words ending with 'LETTER'",),
        right=("x.endswith('LETTER')", "x[-1:] == 'LETTER'"),
        misconceptions=("'LETTER' in x", "x.startswith('LETTER')"),
    ),
    Filter(
        "containing",
        phrases=("words containing 'LETTER'",),
        right=("'LETTER' in x",),
        misconceptions=("x == 'LETTER'", "'LETTER' not in x"),
    ),
    Filter(
        "without",
        phrases=("words without 'LETTER'",),
        right=("'LETTER' not in x",),
        misconceptions=("'LETTER' in x", "x != 'LETTER'"),
    ),
    Filter(
        "palindrome",
        phrases=("palindromes",),
        right=("x == x[::-1]",),
        misconceptions=("x == x", "x != x[::-1]"),
    ),
)

TWICE = Map(
    "twice",
    phrases=("the NOUN, each repeated twice,",),
    right=("x * 2", "x + x"),
    misconceptions=("x", "x * 3"),
)
MAPS = (
    UNCHANGED,
    Map(
        "uppercase",
        phrases=("the uppercased NOUN", "the upper case forms of the NOUN"),
        right=("x.upper()",),
        misconceptions=("x.lower()", "x.title()"),
    ),
    TWICE,
    Map(
        "capitalize",
        phrases=("the capitalized NOUN",),
        right=("x.capitalize()",),
        misconceptions=("x.upper()", "x"),
    ),
    Map(
        "backwards",
        phrases=("the reversed NOUN",),
        right=("x[::-1]",),
        misconceptions=("x[:-1]", "x"),
    ),
    Map(
        "first_letter",
        phrases=("the first letters of the NOUN",),
        right=("x[:1]", "x[0]"),
        misconceptions=("x[1:]", "x[-1]"),
    ),
    Map(
        "last_letter",
        phrases=("the last letters of the NOUN",),
        right=("x[-1:]", "x[-1]"),
        misconceptions=("x[:-1]", "x[0]"),
    ),
    Map(
        "beheaded",
        phrases=("the NOUN, each without its first letter,",),
        right=("x[1:]",),
        misconceptions=("x[:1]", "x[:-1]"),
    ),
)

CONCATENATED = Reduce(
    "concatenated",
    phrases=("the concatenation of ITEMS",),
    right=(Comprehension("''.join(ITEMS)"), Loop("''", "r += ITEM", "r")),
    misconceptions=(Comprehension("' '.join(ITEMS)"), Comprehension("[ITEMS]")),
)
REDUCTIONS = (
    AS_LIST,
    ASCENDING,
    REVERSED,
    AS_SET,
    DISTINCT,
    COUNT,
    CONCATENATED,
    Reduce(
        "spaced",
        phrases=("a string, separated by spaces, of ITEMS",),
        right=(Comprehension("' '.join(ITEMS)"), append_then("' '.join(r)")),
        misconceptions=(Comprehension("''.join(ITEMS)"), Comprehension("[ITEMS]")),
    ),
    Reduce(
        "total_length",
        phrases=("the total length of ITEMS",),
        right=(Comprehension("len(''.join(ITEMS))"), Loop("0", "r += len(ITEM)", "r")),
        misconceptions=(Comprehension("len([ITEMS])"), Loop("0", "r += 1", "r")),
    ),
)

# No word is empty: `x[0]` and `x[:1]` are both right variants of the first letter.
LEXICON = (
    "a at tea level radar stress rate eats apple star Seat test bar noon sees tart art era street "
    "xyz be else tt rest Area rotator stars erase Treasure arrest settle assets"
)


def _pool() -> tuple[list[str], ...]:
    rng = random.Random("words")
    lexicon = LEXICON.split()
    drawn = ([rng.choice(lexicon) for _ in range(rng.randint(2, 6))] for _ in range(14))
    # A repeated word tells sets from lists.
    repeated = ([word, word, rng.choice(lexicon)] for word in ("tea", "radar", "Seat", "rest"))
    sweep = (lexicon[start : start + 8] for start in range(0, len(lexicon), 8))
    return ([], ["a"], *sweep, *repeated, *drawn)


WORDS = Domain(
    "words",
    argument="words",
    limits=range(2, 7),
    filters=FILTERS,
    maps=MAPS,
    reductions=REDUCTIONS,
    pool=_pool(),
)
