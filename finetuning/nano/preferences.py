"""The nano world's rows for algorithms that do not sample: text, pairs, labels.

A pair sets the reference of a problem against the same function with one misconception; every such
function fails at least one test of its problem, so the preference is a fact and no opinion.
"""

import random
from typing import Any

from whetstone.finetuning.nano.compositions import Split
from whetstone.finetuning.nano.corpus import corpus
from whetstone.finetuning.nano.problems import NanoProblem, problems

Row = dict[str, Any]


def texts(size: int, seed: int) -> list[Row]:
    """Return documents of the imperfect corpus: a prompt and a solution each."""
    return [{"text": prompt + solution} for prompt, solution in corpus(size, seed)]


def pairs(split: Split, count: int, per_problem: int, seed: int) -> list[Row]:
    """Return up to `per_problem` pairs for each of `count` problems of a split, shuffled."""
    rng = random.Random(f"pairs/{split}/{seed}")
    rows = [
        {"prompt": problem.prompt, "chosen": problem.reference, "rejected": wrong}
        for problem in problems(split, count, seed)
        for wrong in _some_wrong(problem, per_problem, rng)
    ]
    rng.shuffle(rows)
    return rows


def labels(split: Split, count: int, per_problem: int, seed: int) -> list[Row]:
    """Return the reference of each problem as good and up to `per_problem` mutants as bad."""
    rng = random.Random(f"labels/{split}/{seed}")
    rows = [
        {"prompt": problem.prompt, "completion": program, "label": good}
        for problem in problems(split, count, seed)
        for program, good in [
            (problem.reference, True),
            *((wrong, False) for wrong in _some_wrong(problem, per_problem, rng)),
        ]
    ]
    rng.shuffle(rows)
    return rows


def _some_wrong(problem: NanoProblem, count: int, rng: random.Random) -> list[str]:
    programs = sorted({*problem.misconceptions} - {problem.reference})
    return rng.sample(programs, min(count, len(programs)))
