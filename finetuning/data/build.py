"""From a data section of the configuration to a data set with the columns an algorithm needs."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from datasets import Dataset

from whetstone.evaluation.tasks import load_task
from whetstone.evaluation.tasks.base import TaskProblem
from whetstone.evaluation.tasks.mbpp import STOP as MBPP_STOP
from whetstone.evaluation.tasks.mbpp import mbpp_problems
from whetstone.finetuning.config.schema import (
    BasicsData,
    DataConfig,
    HubData,
    HumanEvalData,
    JsonlData,
    MbppData,
    MixData,
    NanoData,
    NanoToolsData,
    PromptsData,
    PublicData,
    TextData,
)
from whetstone.finetuning.config.schema.base import AuditedData
from whetstone.finetuning.data.audited import without_quarantined
from whetstone.finetuning.data.basics import basics_rows
from whetstone.finetuning.data.files import Rows, hub_rows, jsonl_rows, prompt_rows, text_rows
from whetstone.finetuning.data.nano import nano_held_out, nano_rows, tool_rows
from whetstone.finetuning.data.public import public_rows
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.formats.checks import too_few
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import Imports
from whetstone.rewards.extract import trimmed

Row = dict[str, Any]
_HELD_OUT_SEED = 1_000_003


@dataclass(frozen=True)
class Data:
    """The rows of a run."""

    train: Dataset
    held_out: Dataset | None
    """Rows that are measured and never trained on; None where there are none."""


def build_data(config: DataConfig, need: Need, seed: int, *, imports: Imports = None) -> Data:
    """Return the rows of the configured data in the columns that `need` names.

    Raises:
        ConfigError: a user's file has bad rows. With `imports` each must have tests, which can
            import these modules.

    """
    train, held_out = _rows(config, need, seed, imports=imports)
    if isinstance(config, AuditedData) and config.audit is not None and need is Need.PROMPTS:
        train = without_quarantined(train, config.audit)
    if need is Need.REFERENCES:
        train, held_out = _against_references(train, config), _against_references(held_out, None)
    if need is Need.LABELS:  # KTO's batches keep the order of the rows
        random.Random(f"labels/{seed}").shuffle(train)
    return Data(
        _dataset(train[: config.limit]),
        _dataset(held_out[: config.limit]) if held_out else None,
    )


def what_is_made(config: DataConfig, need: Need) -> str:
    """Say what takes the time of `build_data`."""
    if isinstance(config, NanoData) and need is Need.COMPLETIONS:
        return f"making {config.programs:,} programs"
    return "reading the data"


def build_dataset(config: DataConfig, need: Need, seed: int, *, imports: Imports = None) -> Dataset:
    """Return the rows to train on."""
    return build_data(config, need, seed, imports=imports).train


def check_fills_a_batch(rows: int, arguments: Any) -> None:
    """Check that there are prompts for one batch of whole groups."""
    generations = getattr(arguments, "num_generations", None)
    if generations is None:
        return
    if problems := [*too_few(rows, arguments.generation_batch_size // generations)]:
        raise ConfigError(problems)


def _against_references(rows: list[Row], config: DataConfig | None) -> list[Row]:
    """Return pairs of what a person wrote and what a model did, without what both wrote.

    Blank lines around the code would tell them apart, and say nothing about either.
    """
    found = [
        {"prompt": row["prompt"], "chosen": reference, "rejected": completion}
        for row in rows
        if (reference := trimmed(row["reference"])) != (completion := trimmed(row["completion"]))
    ]
    if config is not None and not found:
        remedy = "every completion equals its reference, so there is nothing to tell apart"
        raise ConfigError([Problem(f"data={config.name}", remedy)])
    return found


def _dataset(rows: list[Row]) -> Dataset:
    """Make the data set. Messages stay as they are, as JSON.

    Plain Arrow would give every tool call the arguments of all others, as nulls, and a chat
    template would write them.
    """
    is_chat = isinstance(rows[0].get("prompt"), list)
    return Dataset.from_list(rows, on_mixed_types="use_json" if is_chat else None)


def _rows(config: DataConfig, need: Need, seed: int, *, imports: Imports) -> Rows:
    match config:
        case NanoData():
            rows = nano_rows(config, need, seed), nano_held_out(config, need)
        case NanoToolsData():
            rows = tool_rows(config.rows, seed), tool_rows(config.held_out, _HELD_OUT_SEED)
        case MbppData():
            held_out = mbpp_problems("validation")[: config.held_out]
            rows = (
                _from_problems(mbpp_problems(config.split), MBPP_STOP, need),
                _held_out(held_out, MBPP_STOP, need),
            )
        case BasicsData():
            rows = basics_rows(config, need)
        case HumanEvalData():
            task = load_task("humaneval")
            rows = _from_problems(task.problems, task.stop, need), []
        case PublicData() | MixData():
            rows = public_rows(config, need, seed)
        case _:
            rows = _of_files(config, need, imports=imports)
    return rows


def _of_files(config: DataConfig, need: Need, *, imports: Imports) -> Rows:
    match config:
        case PromptsData():
            return prompt_rows(config)
        case JsonlData():
            return jsonl_rows(config, need, imports=imports)
        case TextData():
            return text_rows(config)
        case HubData():
            return hub_rows(config, need, imports=imports)
    raise TypeError(f"data={config.name} has no rows; it is replaced before any are read")


def _held_out(source: Iterable[TaskProblem], stop: tuple[str, ...], need: Need) -> list[Row]:
    """Return nothing for algorithms that sample: they are measured by pass@k."""
    return [] if need is Need.PROMPTS else _from_problems(source, stop, need)


def _from_problems(source: Iterable[TaskProblem], stop: tuple[str, ...], need: Need) -> list[Row]:
    if need is Need.COMPLETIONS:
        return [{"prompt": problem.prompt, "completion": problem.reference} for problem in source]
    if need is Need.TEXT:
        return [{"text": f"{problem.prompt}{problem.reference}"} for problem in source]
    return [
        {
            "prompt": problem.prompt,
            "tests": problem.tests,
            "prefix": problem.prefix,
            "stop": list(stop),
            "language": "python",
            "entry_points": list(problem.entry_points),
            "reference": problem.reference,
        }
        for problem in source
    ]
