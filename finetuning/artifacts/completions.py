"""The completions that a run stored: one parquet file for each logged step, in TRL's layout.

Columns are `step`, `prompt`, `completion`, the scores of the rewards in the order in which they are
asked, what rewards logged beside them, and `advantage`. A generation that serves several steps is
stored at each of them.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from whetstone.finetuning.errors import BrokenRunError

FOLDER = "completions"
NOT_A_SCORE = frozenset({"step", "prompt", "completion", "advantage"})
_REQUIRED = frozenset({"step", "prompt", "completion"})
_BEFORE_SCORES = ("step", "prompt", "completion")

Values = dict[str, Any]


@dataclass(frozen=True)
class StoredBatch:
    """The completions of one generation: those of a prompt lie together."""

    step: int
    """The optimizer's step that it was logged at first, from 1."""
    prompts: tuple[Any, ...]
    """Texts or messages, one for each completion."""
    completions: tuple[Any, ...]
    scores: tuple[tuple[float | None, ...], ...]
    """For each reward those of all completions; None where nothing was said."""
    advantages: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.completions)


def files_of(run: Path) -> list[Path]:
    """Return the files of a run's folder in the order of their steps; none where none is stored."""
    return sorted((run / FOLDER).glob("*.parquet"))


def read_batches(run: Path, rewards: Sequence[str]) -> list[StoredBatch]:
    """Read all generations of a run, each once.

    Args:
        run: the folder of a run.
        rewards: how many columns are scores: what each was called there, in the order in which the
            run asked them; "" where that is not known.

    Raises:
        BrokenRunError: a file is not parquet, or has other columns.

    """
    batches: list[StoredBatch] = []
    for path in files_of(run):
        batch = _batch(path, rewards)
        if not batches or not _same(batch, batches[-1]):
            batches.append(batch)
    return batches


def read_rows(path: Path, columns: Collection[str] | None = None) -> list[Values]:
    """Read the named columns of one file, or else the required ones and every column of numbers.

    Raises:
        BrokenRunError: it is not parquet, or lacks a column.

    """
    try:
        schema = pq.read_schema(path)
        missing = _REQUIRED - set(schema.names)
        if missing:
            raise BrokenRunError(f"{path} lacks the column(s) {', '.join(sorted(missing))}")
        table = pq.read_table(path, columns=list(columns or _shown_columns(schema)))
    except (pa.ArrowException, OSError) as error:
        raise BrokenRunError(f"{path} is not a readable parquet file: {error}") from error
    rows: list[Values] = table.to_pylist()
    return rows


def present(value: float | None) -> float | None:
    """Return None for both ways in which an abstention is stored, null and NaN."""
    return None if value is None or math.isnan(value) else value


def _shown_columns(schema: pa.Schema) -> list[str]:
    # Reward functions may log extra columns of any type beside their scores.
    scores = [
        field.name
        for field in schema
        if field.name not in NOT_A_SCORE and pa.types.is_floating(field.type)
    ]
    return ["step", "prompt", "completion", *scores]


def _batch(path: Path, rewards: Sequence[str]) -> StoredBatch:
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError) as error:
        raise BrokenRunError(f"{path} is not a readable parquet file: {error}") from error
    scores = tuple(names[len(_BEFORE_SCORES) :][: len(rewards)])
    named = all(reward in {"", name} for reward, name in zip(rewards, scores, strict=False))
    if (
        tuple(names[: len(_BEFORE_SCORES)]) != _BEFORE_SCORES
        or len(scores) < len(rewards)
        or not named
        or "advantage" not in names
    ):
        expected = [*_BEFORE_SCORES, *(name or "a reward" for name in rewards), "..., advantage"]
        raise BrokenRunError(
            f"{path} has the columns {', '.join(names)}: those of a run are {', '.join(expected)}"
        )
    rows = read_rows(path, [*_BEFORE_SCORES, *scores, "advantage"])
    return StoredBatch(
        step=rows[0]["step"] if rows else 0,
        prompts=tuple(_without_nulls(row["prompt"]) for row in rows),
        completions=tuple(_without_nulls(row["completion"]) for row in rows),
        scores=tuple(tuple(present(row[name]) for row in rows) for name in scores),
        advantages=tuple(row["advantage"] for row in rows),
    )


def _same(one: StoredBatch, other: StoredBatch) -> bool:
    return (
        one.prompts == other.prompts
        and one.completions == other.completions
        and one.advantages == other.advantages
    )


def _without_nulls(value: Any) -> Any:
    """Take out of messages what only others of the column have: Arrow gives each all fields."""
    if isinstance(value, dict):
        kept = {key: _without_nulls(item) for key, item in value.items() if item is not None}
        return {"content": None, **kept} if "role" in kept and "content" not in kept else kept
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
