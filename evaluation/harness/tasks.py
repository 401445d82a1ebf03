"""The tasks that the harness's command offers here: those that reproduce upstream's."""

from argparse import Namespace
from dataclasses import replace

from whetstone.evaluation.errors import EvaluationError
from whetstone.evaluation.tasks import TASKS, Task, load_task

SUPPORTED = tuple(name for name, entry in TASKS.items() if entry.in_harness)


class NoProblemLeft(EvaluationError):  # noqa: N818 - named as its neighbours in whetstone.evaluation.errors
    """`--limit_start` lies behind the last problem."""


def chosen_problems(name: str, args: Namespace) -> Task:
    """Load a task and keep the problems that `--limit` and `--limit_start` leave.

    Raises:
        DataUnavailable: when its rows cannot be had.
        NoProblemLeft: when these flags leave none.

    """
    task = load_task(name)
    left = task.problems[args.limit_start :]
    if not left:
        raise NoProblemLeft(
            f"--limit_start {args.limit_start}: {name} has {len(task.problems)} problems; "
            "give a smaller number"
        )
    return replace(task, problems=left[: args.limit] if args.limit else left)
