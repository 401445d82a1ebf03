"""The tasks that the harness's command offers here: those that reproduce upstream's."""

from argparse import Namespace
from dataclasses import replace

from evaluation.tasks import TASKS, Task, load_task

SUPPORTED = tuple(name for name, entry in TASKS.items() if entry.in_harness)


def chosen_problems(name: str, args: Namespace) -> Task:
    """Load a task and keep the problems that `--limit` and `--limit_start` leave.

    Raises:
        DataUnavailable: when its rows cannot be had.
        ValueError: when no problem is left.

    """
    task = load_task(name)
    left = task.problems[args.limit_start :]
    return replace(task, problems=left[: args.limit] if args.limit else left)
