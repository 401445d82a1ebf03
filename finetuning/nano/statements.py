"""From a composition to a prompt and to programs: draws constants and wording, writes functions."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from whetstone.finetuning.nano.compositions import Composition
from whetstone.finetuning.nano.primitives import Comprehension, Loop

ENTRY_POINT = "f"
"""The name of every function of the world."""

VERBS = ("return", "find", "get", "compute")
AMOUNTS = range(2, 10)
LETTERS = "aestr"


@dataclass(frozen=True)
class Mutant:
    """A program that is right but for one misconception."""

    primitive: str
    """Whose misconception it is: `integers/filter/even`."""
    misconception: str
    """As the table has it: `x % 2 == 1`."""
    program: str


@dataclass(frozen=True)
class Constants:
    """What the slots LIMIT, AMOUNT and LETTER stand for in one problem."""

    limit: int
    amount: int
    letter: str

    def fill(self, text: str) -> str:
        """Return the text with its slots filled."""
        text = text.replace("LIMIT", str(self.limit)).replace("AMOUNT", str(self.amount))
        return text.replace("LETTER", self.letter)


@dataclass(frozen=True)
class ProblemStatement:
    """A composition with its constants and its wording chosen."""

    composition: Composition
    constants: Constants
    prompt: str

    def program(self, condition: str, item: str, reduction: Comprehension | Loop) -> str:
        """Return the whole function written with these variants of the three primitives."""
        argument = self.composition.domain.argument
        body = reduction.body(argument, condition, item)
        return f"def {ENTRY_POINT}({argument}):\n{self.constants.fill(body)}"

    @property
    def reference(self) -> str:
        """The function written with the first right variant of each primitive."""
        composition = self.composition
        return self.program(
            composition.filter.right[0], composition.map.right[0], composition.reduction.right[0]
        )

    def mutants(self) -> Iterator[Mutant]:
        """Yield the reference with each misconception of each primitive in turn."""
        composition = self.composition
        condition = composition.filter.right[0]
        item = composition.map.right[0]
        reduction = composition.reduction.right[0]
        filter_label, map_label, reduction_label = composition.labels
        for wrong in composition.filter.misconceptions:
            yield Mutant(filter_label, wrong, self.program(wrong, item, reduction))
        for wrong in composition.map.misconceptions:
            yield Mutant(map_label, wrong, self.program(condition, wrong, reduction))
        for wrong_reduction in composition.reduction.misconceptions:
            program = self.program(condition, item, wrong_reduction)
            yield Mutant(reduction_label, str(wrong_reduction), program)


def draw_statement(composition: Composition, rng: random.Random) -> ProblemStatement:
    """Draw constants and wording for a composition.

    The prompt is one line of English that ends with a newline, so that the answer, the whole
    function, starts on a line of its own.
    """
    domain = composition.domain
    constants = Constants(rng.choice(domain.limits), rng.choice(AMOUNTS), rng.choice(LETTERS))
    noun = rng.choice(composition.filter.phrases)
    items = rng.choice(composition.map.phrases).replace("NOUN", noun)
    aim = rng.choice(composition.reduction.phrases).replace("ITEMS", items)
    task = f"{rng.choice(VERBS)} {aim} in {domain.argument}".replace(",,", ",")
    prompt = f"Write a function {ENTRY_POINT}({domain.argument}) to {task}.\n"
    return ProblemStatement(composition, constants, constants.fill(prompt))
