"""The problems of an audit: of a user's rows, or of a data set by its name."""

from pathlib import Path

from whetstone.evaluation.audit.problem import AuditedProblem, of_row, of_task
from whetstone.evaluation.tasks import TASKS, load_task, mbpp_problems
from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.evaluation.tasks.mbpp import SPLITS
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError, RowProblem
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import TRAIN, read_rows, train_file
from whetstone.rewards.stdio.tests import WrongTestsError


def is_file(data: str) -> bool:
    """Tell whether a data set is the user's own file, or a folder of `whetstone collect`."""
    return data.endswith(SUFFIX) or (Path(data) / TRAIN).is_file()


def audited_problems(data: str, limit: int | None) -> list[AuditedProblem]:
    """Load the problems that have tests.

    Args:
        data: A JSONL file or its folder, or the name of a task or of a file in conf/data; of MBPP
            all splits.
        limit: Only the first ones.

    Raises:
        ConfigError: A row cannot be read, or there is no such data set.
        DataUnavailable: Its rows can be had neither here nor on the Hub.

    """
    if is_file(data):
        return _of_file(train_file(Path(data)), limit)
    if data == "mbpp":
        problems = [problem for split in SPLITS for problem in mbpp_problems(split)]
        return [of_task(problem) for problem in problems[:limit]]
    if data in TASKS:
        return [of_task(problem) for problem in load_task(data, limit).problems]
    from whetstone.finetuning.data.build import build_dataset  # noqa: PLC0415 - datasets, torch

    config = load(["algo=grpo", f"data={data}"]).main
    rows = build_dataset(config.data, Need.PROMPTS, config.seed).to_list()[:limit]
    return [of_row(row, f"{data}/{number}") for number, row in enumerate(rows, 1)]


def _of_file(path: Path, limit: int | None) -> list[AuditedProblem]:
    """Read a file. What its tests are worth is the audit's to say, and not the reader's."""
    found, problems = [], []
    for number, row in enumerate(read_rows(path, Need.PROMPTS)[:limit], 1):
        if not row.get("tests"):
            problems.append(RowProblem(f"{path}:{number}", "field tests: missing; audits run them"))
            continue
        try:
            found.append(of_row(row, f"{path.stem}/{number}"))
        except WrongTestsError as error:
            problems.append(RowProblem(f"{path}:{number}", f"field tests: {error}"))
    if problems:
        raise ConfigError(problems)
    return found
