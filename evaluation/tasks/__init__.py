"""The table of tasks: to add one is a module, and a line here.

A name that ends in `.jsonl` is the path of a user's own file. Any other name that is not in the
table is refused with the nearest one that is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from whetstone.evaluation.errors import UnknownTask
from whetstone.evaluation.tasks.base import Task, TaskProblem, build_program
from whetstone.evaluation.tasks.basics import basics
from whetstone.evaluation.tasks.chat import humaneval_chat, mbpp_chat
from whetstone.evaluation.tasks.humaneval import SOURCE as HUMANEVAL_SOURCE
from whetstone.evaluation.tasks.humaneval import humaneval, humaneval_unstripped
from whetstone.evaluation.tasks.jsonl import SUFFIX, jsonl_task
from whetstone.evaluation.tasks.mbpp import SOURCE as MBPP_SOURCE
from whetstone.evaluation.tasks.mbpp import mbpp, mbpp_problems, mbpp_validation
from whetstone.evaluation.tasks.multiple import FORMS, multiple
from whetstone.evaluation.tasks.plus import HUMANEVAL_PLUS, MBPP_PLUS, humanevalplus, mbppplus
from whetstone.evaluation.tasks.public import PUBLIC_TASKS, TEXT, Choice, public_task
from whetstone.evaluation.window import Window
from whetstone.rewards.sandbox.packages import usable_modules
from whetstone.rewards.tests_source import LIBRARY

__all__ = [
    "TASKS",
    "Task",
    "TaskProblem",
    "build_program",
    "is_dated",
    "load_task",
    "mbpp_problems",
    "why_unavailable",
]


class TaskSource(Protocol):
    """Where the rows of a task come from."""

    @property
    def file(self) -> str:
        """What is looked for in the data folder."""
        ...

    def why_unavailable(self) -> str | None:
        """Say why the rows cannot be had, or None where it is worth trying."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """How a named task is loaded, where its rows come from, and whose name it bears."""

    load: Callable[..., Task]
    source: TaskSource | None
    """None: the rows are a part of this package."""
    in_harness: bool
    """bigcode-evaluation-harness has a task of this name, and this one gives its figures."""
    chooses: bool = False
    """Whether it is told which problems are wanted (`Choice`), and reads no others."""


TASKS: Mapping[str, Entry] = MappingProxyType(
    {
        "humaneval": Entry(humaneval, HUMANEVAL_SOURCE, in_harness=True),
        "humaneval-unstripped": Entry(humaneval_unstripped, HUMANEVAL_SOURCE, in_harness=True),
        "humaneval_chat": Entry(humaneval_chat, HUMANEVAL_SOURCE, in_harness=False),
        "basics": Entry(partial(basics, chat=True), None, in_harness=False),
        f"basics{TEXT}": Entry(partial(basics, chat=False), None, in_harness=False),
        "humanevalplus": Entry(humanevalplus, HUMANEVAL_PLUS, in_harness=True),
        "mbpp": Entry(mbpp, MBPP_SOURCE, in_harness=True),
        "mbpp_chat": Entry(mbpp_chat, MBPP_SOURCE, in_harness=False),
        "mbpp_validation": Entry(mbpp_validation, MBPP_SOURCE, in_harness=False),
        "mbppplus": Entry(mbppplus, MBPP_PLUS, in_harness=True),
        **{
            name: Entry(partial(multiple, name), form.source, in_harness=False)
            for name, form in FORMS.items()
        },
        **{
            name + ("" if chat else TEXT): Entry(
                partial(public_task, name, chat=chat), task.rows, in_harness=False, chooses=True
            )
            for name, task in PUBLIC_TASKS.items()
            for chat in (True, False)
        },
    }
)


def load_task(
    name: str,
    limit: int | None = None,
    packages: Sequence[str] = (),
    window: Window | None = None,
) -> Task:
    """Load a task by its name, or a user's file by its path.

    Args:
        name: a key of `TASKS`, or a path that ends in `.jsonl`.
        limit: keep only that many problems, the first ones.
        packages: installed packages that programs and tests may import, as they are imported.
        window: of a task whose problems have dates, keep only those within.

    Raises:
        UnknownTask: with the nearest name.
        DataUnavailable: when its rows cannot be had.
        BadRows: when a user's file has faults.
        ValueError: when `limit` is below 1.

    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit={limit} leaves no problem: give at least 1, or nothing for all")
    if not name.endswith(SUFFIX) and (entry := _entry(name)).chooses:
        return entry.load(Choice(limit, window, tuple(packages)))
    modules = LIBRARY | usable_modules(tuple(packages))
    task = jsonl_task(Path(name), modules) if name.endswith(SUFFIX) else entry.load()
    return replace(task, problems=task.problems[:limit], packages=tuple(packages))


def is_dated(name: str) -> bool:
    """Tell whether a task's problems have dates, so that a window chooses among them."""
    task = PUBLIC_TASKS.get(name.removesuffix(TEXT))
    return task is not None and task.is_dated


def why_unavailable(name: str) -> str | None:
    """Say why a task cannot be loaded here, or None when it is worth trying.

    Reads no rows, imports nothing heavy and stays off the network.
    """
    if name.endswith(SUFFIX):
        return None if Path(name).is_file() else f"{name} is not a file"
    try:
        source = _entry(name).source
    except UnknownTask as error:
        return str(error)
    return None if source is None else source.why_unavailable()


def _entry(name: str) -> Entry:
    if name not in TASKS:
        nearest = get_close_matches(name.lower(), TASKS, n=1, cutoff=0.0)[0]
        raise UnknownTask(
            f"there is no task {name!r}: did you mean {nearest!r}? The tasks are "
            f"{', '.join(TASKS)}, and the path of any {SUFFIX} file of your own."
        )
    return TASKS[name]
