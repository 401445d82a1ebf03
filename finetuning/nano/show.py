"""Shows nano problems to a person: what is asked, what judges, right and wrong."""

from textwrap import dedent, indent

from whetstone.finetuning.nano.corpus import chance_right
from whetstone.finetuning.nano.problems import NanoProblem, problems
from whetstone.finetuning.nano.statements import Mutant
from whetstone.finetuning.nano.trusted import passes

MARGIN = "    "


def show(split: str, count: int) -> str:
    """Return the first `count` problems of a split as text.

    Each comes with its tests, its reference, and its misconceptions: how often the corpus gets the
    primitive right, how many of the tests the misconception fails, and the body it leads to.
    """
    return "\n\n".join(_shown(problem) for problem in problems(split, count))


def _shown(problem: NanoProblem) -> str:
    mistakes = (_mistake(mutant, problem.tests) for mutant in problem.mutants)
    parts = (problem.prompt, problem.reference, problem.tests, *mistakes)
    return "\n".join([f"{problem.id}\n", *(indent(part, MARGIN) for part in parts)])


def _mistake(mutant: Mutant, tests: str) -> str:
    lines = tests.splitlines(keepends=True)
    failed = sum(not passes(mutant.program, line) for line in lines)
    _, body = mutant.program.split("\n", maxsplit=1)
    return (
        f"{mutant.primitive}, right in {chance_right(mutant.primitive):.0%} of the corpus;"
        f" wrong like this, it fails {failed} of {len(lines)} tests:\n"
        + indent(dedent(body), MARGIN)
    )
