"""The held-out basics as a task: asked in a model's chat template, or as functions to complete."""

from whetstone.evaluation.basics.problems import BasicTask, held_out_tasks
from whetstone.evaluation.basics.prompt import (
    CHAT_STOP,
    TEXT_STOP,
    answer,
    function_head,
    function_rest,
    question,
)
from whetstone.evaluation.tasks.base import Task, TaskProblem

TIMEOUT_S = 3.0


def basics(*, chat: bool) -> Task:
    """Return the tasks whose ideas are never trained on.

    Args:
        chat: Ask through the chat template; else the function's head and docstring are completed.

    """
    problems = tuple(basic_problem(task, chat=chat) for task in held_out_tasks())
    if chat:
        return Task("basics", problems, CHAT_STOP, TIMEOUT_S, chat=True)
    return Task("basics_text", problems, TEXT_STOP, TIMEOUT_S)


def basic_problem(task: BasicTask, *, chat: bool) -> TaskProblem:
    """Make a problem of a task."""
    head = function_head(task)
    return TaskProblem(
        id=f"basics/{task.name}",
        prompt=question(task) if chat else head,
        tests=task.tests,
        prefix="" if chat else head,
        entry_points=(task.name,),
        reference=answer(task) if chat else function_rest(task),
        difficulty=task.difficulty,
    )
