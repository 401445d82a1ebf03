"""Public problems as tasks: asked in a model's chat template, or as text that it continues.

The program is the whole answer in both. The tests of a problem are those of its data set, compared
as its grader compares, and run as plain Python runs (docs/evaluation.md names the differences).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType

from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.public.problem import PublicProblem
from whetstone.evaluation.public.prompt import STOP, continued_prompt, fenced, question_prompt
from whetstone.evaluation.public.read import PublicReader
from whetstone.evaluation.public.rows import PublicRows
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.window import Window
from whetstone.rewards.entry_points import root_names
from whetstone.rewards.sandbox.packages import usable_modules
from whetstone.rewards.stdio.columns import read_row
from whetstone.rewards.tests_source import LIBRARY

_LOG = logging.getLogger(__name__)

TEXT = "_text"
"""After the name of a task that is asked as text."""
SUITE_S = 30.0
"""Seconds for tests that run together: all calls of a function, a class for unittest."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which problems of a task are wanted.

    Attributes:
        limit: no more than the first ones; None for all.
        window: only those that were published in it.
        packages: what programs and tests may import, beside the library.

    """

    limit: int | None = None
    window: Window | None = None
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicTask:
    """A task: whose rows, of which split, and what each test may take.

    Attributes:
        rows: where the problems come from.
        case_s: seconds for a test of inputs and outputs, where the problem says none itself.
        is_dated: whether problems have dates.

    """

    rows: PublicRows
    case_s: float
    is_dated: bool = False


PUBLIC_TASKS: Mapping[str, PublicTask] = MappingProxyType(
    {
        "livecodebench": PublicTask(PublicRows("livecodebench", "test"), 6.0, is_dated=True),
        "apps": PublicTask(PublicRows("apps", "test"), 4.0),
        "code_contests": PublicTask(PublicRows("code_contests", "test"), 10.0),
        "bigcodebench": PublicTask(PublicRows("bigcodebench", "v0.1.4"), SUITE_S),
    }
)


def public_task(name: str, choice: Choice, *, chat: bool) -> Task:
    """Load a task of `PUBLIC_TASKS`; no row is read after the last that is wanted.

    What cannot be judged is left out, and told in a line.

    Raises:
        DataUnavailable: its rows cannot be had, or none of them is wanted.

    """
    source = PUBLIC_TASKS[name]
    reader = PublicReader(source.rows, LIBRARY | usable_modules(choice.packages))
    window = choice.window if source.is_dated else None
    wanted = (problem for problem in reader if window is None or window.holds(problem.date))
    problems = tuple(
        _task_problem(problem, source.case_s, chat=chat) for problem in islice(wanted, choice.limit)
    )
    if told := reader.told():
        _LOG.warning("%s", told)
    if not problems:
        where = "" if window is None else f" in the window {window.start}..{window.end}"
        raise DataUnavailable(f"task {name}: no problem{where}. {reader.told() or ''}".rstrip())
    return Task(
        name if chat else name + TEXT,
        problems,
        () if chat else STOP,
        SUITE_S,
        chat=chat,
        packages=choice.packages,
    )


def _task_problem(problem: PublicProblem, case_s: float, *, chat: bool) -> TaskProblem:
    tests = read_row(
        {
            "tests": problem.tests,
            "entry_points": problem.entry_points,
            "checker": problem.checker,
            "tolerance": problem.tolerance,
            "timeout_s": problem.timeout_s,
            "memory_mb": problem.memory_mb,
        }
    )
    if not isinstance(tests, str) and tests.timeout_s is None:
        tests = replace(tests, timeout_s=case_s)
    reference = problem.reference
    return TaskProblem(
        id=problem.id,
        prompt=question_prompt(problem) if chat else continued_prompt(problem),
        tests=tests,
        prefix=problem.prefix,
        entry_points=root_names(problem.entry_points),
        reference=fenced(reference) if chat and reference is not None else reference,
        difficulty=problem.difficulty,
    )
