"""Rows of our own small tasks in the columns that an algorithm needs."""

from collections.abc import Iterable, Iterator
from typing import Any

from whetstone.evaluation.basics.problems import BasicTask, held_out_tasks, trained_tasks
from whetstone.evaluation.basics.prompt import CHAT_STOP, TEXT_STOP
from whetstone.evaluation.prompt import messages_of
from whetstone.evaluation.tasks.base import TaskProblem
from whetstone.evaluation.tasks.basics import basic_problem
from whetstone.finetuning.config.schema import BasicsData
from whetstone.finetuning.formats.dataset_type import Need

Row = dict[str, Any]


def basics_rows(config: BasicsData, need: Need) -> tuple[list[Row], list[Row]]:
    """Return rows to train on, and rows of the held-out ideas that are only measured.

    Algorithms that sample have none of the latter: they are measured by pass@k.
    """
    as_row = _prompt_row if need is Need.PROMPTS else _completion_row
    rows = [as_row(problem, chat=config.chat) for problem in _problems(trained_tasks(), config)]
    if need is Need.PROMPTS:
        return rows, []
    measured = [*_problems(held_out_tasks(), config)][: config.held_out]
    return rows, [as_row(problem, chat=config.chat) for problem in measured]


def _problems(tasks: Iterable[BasicTask], config: BasicsData) -> Iterator[TaskProblem]:
    """Yield what is asked for each task of the wanted difficulties."""
    for task in tasks:
        if not config.difficulty or task.difficulty in config.difficulty:
            yield basic_problem(task, chat=config.chat)


def _prompt_row(problem: TaskProblem, *, chat: bool) -> Row:
    return {
        "prompt": messages_of(problem.prompt) if chat else problem.prompt,
        "tests": problem.tests,
        "prefix": problem.prefix,
        "stop": list(CHAT_STOP if chat else TEXT_STOP),
        "language": "python",
        "entry_points": list(problem.entry_points),
        "reference": problem.reference,
        "id": problem.id,
        "difficulty": problem.difficulty,
    }


def _completion_row(problem: TaskProblem, *, chat: bool) -> Row:
    if not chat:
        return {"prompt": problem.prompt, "completion": problem.reference}
    answered = [{"role": "assistant", "content": problem.reference}]
    return {"prompt": messages_of(problem.prompt), "completion": answered}
