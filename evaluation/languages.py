"""Who judges the programs of a task: the sandbox of its language."""

from contextlib import AbstractContextManager

from whetstone.evaluation.judge import Judge
from whetstone.evaluation.tasks.base import Task
from whetstone.rewards.sandbox import Sandbox
from whetstone.rewards.sandbox.compiled import CompiledSandbox


def open_judge(task: Task, workers: int | None = None) -> AbstractContextManager[Judge]:
    """Return the sandbox that runs this task's programs, still to be entered.

    Args:
        task: its language and its packages decide.
        workers: programs at once; None takes one for each core.

    Raises:
        MissingToolError: when the compiler of the language is not installed.
        SandboxUnavailableError: when its walls cannot be raised here.

    """
    if task.language == "python":
        return Sandbox(workers, packages=task.packages)
    return CompiledSandbox(task.language, workers)
