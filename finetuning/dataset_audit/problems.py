"""The problems of an audit: of a user's rows, or of a data set by its name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from whetstone.evaluation.audit.problem import AuditedProblem, of_row, of_task
from whetstone.evaluation.basics.problems import trained_tasks
from whetstone.evaluation.public.table import PUBLIC_SETS
from whetstone.evaluation.tasks import TASKS, Task, load_task, mbpp_problems
from whetstone.evaluation.tasks.base import TaskProblem, tests_text
from whetstone.evaluation.tasks.basics import basic_problem
from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.evaluation.tasks.mbpp import SPLITS
from whetstone.finetuning.config import load
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.schema import PublicData
from whetstone.finetuning.data.public import public_rows
from whetstone.finetuning.errors import ConfigError, Problem, RowProblem
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import TRAIN, read_rows, train_file
from whetstone.rewards.languages import known_language
from whetstone.rewards.stdio.columns import TOLD
from whetstone.rewards.stdio.tests import WrongTestsError

Row = dict[str, Any]


@dataclass(frozen=True)
class TestedRow:
    """A problem, and the row of data that it is."""

    problem: AuditedProblem
    row: Row


def is_file(data: str) -> bool:
    """Tell whether a data set is the user's own file, or a folder of `whetstone collect`."""
    return data.endswith(SUFFIX) or (Path(data) / TRAIN).is_file()


def audited_problems(data: str, limit: int | None) -> list[AuditedProblem]:
    """Load the problems that have tests. Arguments and errors are those of `tested_rows`."""
    return [tested.problem for tested in tested_rows(data, limit)]


def tested_rows(data: str, limit: int | None) -> list[TestedRow]:
    """Load the problems that have tests, and what training reads of each.

    Args:
        data: A JSONL file or its folder, or a name: of a public data set (what training reads of
            it), of a task, or in conf/data; of MBPP and the basics all splits.
        limit: Only the first ones.

    Raises:
        ConfigError: A row cannot be read, or there is no such data set.
        DataUnavailable: Its rows can be had neither here nor on the Hub.

    """
    if is_file(data):
        return _of_file(train_file(Path(data)), limit)
    if data in PUBLIC_SETS:  # some are tasks as well; what is trained on is another split
        return _of_rows(data, public_rows(_public(data, limit), Need.PROMPTS, seed=0)[0])
    if data in TASKS:
        task = load_task(data)
        task = _WHOLE[data](task) if data in _WHOLE else task
        if task.language != "python":
            remedy = f"its programs are {task.language}, and an audit runs Python"
            raise ConfigError([Problem(f"data={data}", remedy)])
        some = task.problems[:limit]
        return [TestedRow(of_task(task, problem), _as_row(task, problem)) for problem in some]
    from whetstone.finetuning.data.build import build_dataset  # noqa: PLC0415 - datasets, torch

    config = load(["algo=grpo", f"data={data}"]).main
    rows = build_dataset(config.data, Need.PROMPTS, config.seed).to_list()
    return _of_rows(data, rows[:limit])


def _every_mbpp(task: Task) -> Task:
    """Return MBPP with all its splits; a stop word would cut one of its references."""
    every = tuple(problem for split in SPLITS for problem in mbpp_problems(split))
    return replace(task, problems=every, stop=())


def _every_basic(task: Task) -> Task:
    """Return the basics with those that are trained on."""
    trained = tuple(basic_problem(one, chat=task.chat) for one in trained_tasks())
    return replace(task, problems=trained + task.problems)


_WHOLE: Mapping[str, Callable[[Task], Task]] = MappingProxyType(
    {"mbpp": _every_mbpp, "basics": _every_basic}
)
"""Tasks that are one split of their data set, each with what makes all of it."""


def _public(data: str, limit: int | None) -> PublicData:
    """Return how a public data set is read where nothing else is said."""
    preset = yaml.safe_load((CONF_DIR / "data" / f"{data}.yaml").read_text(encoding="utf-8"))
    return PublicData.model_validate(preset | {"limit": limit})


def _as_row(task: Task, problem: TaskProblem) -> Row:
    """Return a problem of a task as training has its rows."""
    row: Row = {
        "id": problem.id,
        "prompt": problem.prompt if isinstance(problem.prompt, str) else list(problem.prompt),
        "tests": tests_text(problem.tests),
        "prefix": problem.prefix,
        "stop": list(task.stop),
        "entry_points": list(problem.entry_points),
        "reference": problem.reference,
    }
    if isinstance(problem.tests, str):
        return row
    return row | {name: getattr(problem.tests, name) for name in TOLD}


def _of_rows(data: str, rows: Iterable[Row]) -> list[TestedRow]:
    return [TestedRow(of_row(row, f"{data}/{n}"), row) for n, row in enumerate(rows, 1)]


def _of_file(path: Path, limit: int | None) -> list[TestedRow]:
    """Read a file. What its tests are worth is the audit's to say, and not the reader's."""
    found, problems = [], []
    for number, row in enumerate(read_rows(path, Need.PROMPTS)[:limit], 1):
        if not row.get("tests"):
            problems.append(RowProblem(f"{path}:{number}", "field tests: missing; audits run them"))
            continue
        if known_language(row.get("language") or "python") != "python":
            told = (
                f"field language: {row['language']}; an audit runs Python, so leave such rows out"
            )
            problems.append(RowProblem(f"{path}:{number}", told))
            continue
        try:
            found.append(TestedRow(of_row(row, f"{path.stem}/{number}"), row))
        except WrongTestsError as error:
            problems.append(RowProblem(f"{path}:{number}", f"field tests: {error}"))
    if problems:
        raise ConfigError(problems)
    return found
