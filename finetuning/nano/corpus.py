"""The imperfect corpus: what the nano model learns to write from before any reward.

Like code found in the wild it is wrong in its own habits rather than at random. Each primitive has
one fixed chance of being written rightly, so some misconceptions are the habit of the majority and
greedy decoding repeats them too: reinforcement learning has to change the model's mind, not only
to sharpen its distribution.
"""

import random
from functools import cache
from typing import TypeVar

from whetstone.finetuning.nano.compositions import Split, compositions, fraction
from whetstone.finetuning.nano.primitives import Primitive
from whetstone.finetuning.nano.statements import ProblemStatement, draw_statement

LEAST_RIGHT = 0.30
MOST_RIGHT = 0.95

Code = TypeVar("Code")


@cache
def chance_right(label: str) -> float:
    """Return how often the corpus writes a primitive rightly, if it has misconceptions at all.

    It lies between 0.30 and 0.95 and depends on the label alone (`integers/filter/even`).
    """
    return LEAST_RIGHT + (MOST_RIGHT - LEAST_RIGHT) * fraction(f"habit/{label}")


def corpus(size: int, seed: int) -> list[tuple[str, str]]:
    """Return `size` pairs of prompt and imperfect solution, all of sft compositions.

    About a quarter of the solutions pass the tests of their problem. Prompts may come again, with
    the same solution or another.
    """
    rng = random.Random(f"corpus/{seed}")
    members = compositions(Split.SFT)
    statements = (draw_statement(rng.choice(members), rng) for _ in range(size))
    return [(statement.prompt, imperfect_solution(statement, rng)) for statement in statements]


def imperfect_solution(statement: ProblemStatement, rng: random.Random) -> str:
    """Return a solution in which each primitive is right with its own chance."""
    composition = statement.composition
    filter_label, map_label, reduction_label = composition.labels
    return statement.program(
        _habit(composition.filter, filter_label, rng),
        _habit(composition.map, map_label, rng),
        _habit(composition.reduction, reduction_label, rng),
    )


def _habit(primitive: Primitive[Code], label: str, rng: random.Random) -> Code:
    if primitive.misconceptions and rng.random() >= chance_right(label):
        return rng.choice(primitive.misconceptions)
    return rng.choice(primitive.right)
