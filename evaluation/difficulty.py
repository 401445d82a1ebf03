"""Pass rates of the problems of each difficulty, where a task says how difficult they are.

One mean over easy and hard problems says little: two models can differ in the hard ones alone.
"""

from collections.abc import Iterable
from statistics import fmean

from whetstone.evaluation.journal import Sample
from whetstone.evaluation.score import values_of_problems
from whetstone.evaluation.tasks.base import Task

_MEASURED = ("pass@", "greedy")


def values_by_difficulty(
    task: Task, samples: Iterable[Sample], k: Iterable[int]
) -> dict[str, list[float]]:
    """Return one value for each problem that supports it, by names such as `pass@1 (easy)`.

    In the order in which difficulties stand in the task. Empty where it says none, or one alone.
    """
    levels = {problem.id: problem.difficulty for problem in task.problems}
    if len({*levels.values()}) == 1:
        return {}
    everything, sizes = list(samples), list(k)
    return {
        f"{metric} ({level})": of_problems
        for level in dict.fromkeys(filter(None, levels.values()))
        for metric, of_problems in values_of_problems(
            [sample for sample in everything if levels[sample.problem] == level], sizes
        ).items()
        if metric.startswith(_MEASURED)
    }


def means(values: dict[str, list[float]]) -> dict[str, float]:
    """Return the mean over problems of each."""
    return {name: fmean(of_problems) for name, of_problems in values.items()}
