"""From a data section of the configuration to a data set with the columns an algorithm needs."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from datasets import Dataset

from evaluation.tasks import load_task
from evaluation.tasks.base import Problem as EvalProblem
from evaluation.tasks.mbpp import STOP as MBPP_STOP
from evaluation.tasks.mbpp import mbpp_problems
from finetuning.config.schema import DataConfig, HumanEvalData, JsonlData, MbppData, NanoData
from finetuning.data.jsonl import read_rows
from finetuning.errors import ConfigError, Problem
from finetuning.nano import ENTRY_POINT, corpus, problems

Row = dict[str, Any]


class Need(StrEnum):
    """What an algorithm trains on."""

    PROMPTS = "prompts"
    """Prompts with tests; the policy writes the completions itself."""
    COMPLETIONS = "completions"
    """Prompts with the completions to imitate."""


def build_dataset(
    config: DataConfig, need: Need, seed: int, *, needs_tests: bool = False
) -> Dataset:
    """Return the rows of the configured data in the columns that `need` names.

    Raises:
        ConfigError: a user's file has bad rows; `needs_tests`: each must have tests.

    """
    match config:
        case NanoData():
            rows = _nano(config, need, seed)
        case MbppData():
            rows = _from_problems(mbpp_problems(config.split), MBPP_STOP, need)
        case HumanEvalData():
            task = load_task("humaneval")
            rows = _from_problems(task.problems, task.stop, need)
        case JsonlData():
            rows = read_rows(config.train, need, needs_tests=needs_tests)
            rows = [{**row, "stop": config.stop} for row in rows] if need is Need.PROMPTS else rows
    return Dataset.from_list(rows[: config.limit])


def check_fills_a_batch(rows: int, arguments: Any) -> None:
    """Check that there are prompts for one batch of whole groups.

    With fewer, TRL's sampler is empty, and transformers ends the run as if it were done.
    """
    generations = getattr(arguments, "num_generations", None)
    if generations is None:
        return
    needed = arguments.generation_batch_size // generations
    if rows < needed:
        remedy = (
            f"a batch takes {needed} prompts (per_device_train_batch_size x steps_per_generation / "
            f"num_generations), and there are {rows}; add rows or lower algo.args."
            "per_device_train_batch_size"
        )
        raise ConfigError([Problem(f"data: {rows} prompts", remedy)])


def _nano(config: NanoData, need: Need, seed: int) -> list[Row]:
    if need is Need.COMPLETIONS:
        pairs = corpus(config.corpus_size, seed)
        return [{"prompt": prompt, "completion": solution} for prompt, solution in pairs]
    return [
        {"prompt": problem.prompt, "tests": problem.tests, "entry_points": [ENTRY_POINT]}
        for problem in problems("rl", config.train_problems, seed)
    ]


def _from_problems(source: Iterable[EvalProblem], stop: tuple[str, ...], need: Need) -> list[Row]:
    if need is Need.COMPLETIONS:
        return [{"prompt": problem.prompt, "completion": problem.reference} for problem in source]
    return [
        {
            "prompt": problem.prompt,
            "tests": problem.tests,
            "prefix": problem.prefix,
            "stop": list(stop),
            "entry_points": list(problem.entry_points),
        }
        for problem in source
    ]
