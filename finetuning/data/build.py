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
from finetuning.nano import ENTRY_POINT, corpus, problems

Row = dict[str, Any]


class Need(StrEnum):
    """What an algorithm trains on."""

    PROMPTS = "prompts"
    """Prompts with tests; the policy writes the completions itself."""
    COMPLETIONS = "completions"
    """Prompts with the completions to imitate."""


def build_dataset(config: DataConfig, need: Need, seed: int) -> Dataset:
    """Return the rows of the configured data in the columns that `need` names."""
    match config:
        case NanoData():
            rows = _nano(config, need, seed)
        case MbppData():
            rows = _from_problems(mbpp_problems(config.split), MBPP_STOP, need)
        case HumanEvalData():
            task = load_task("humaneval")
            rows = _from_problems(task.problems, task.stop, need)
        case JsonlData():
            rows = read_rows(config.train, need)
    return Dataset.from_list(rows[: config.limit])


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
