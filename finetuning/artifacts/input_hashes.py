"""What the user's own files held when a run began, by content.

A run goes on with the rows that it began with: half of one file and half of another, or a measure
before training beside one of other problems after it, would be the figures of no run at all.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.finetuning.config import Config
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.schema import JsonlData, TextData
from whetstone.finetuning.errors import Problem
from whetstone.finetuning.formats.read import TRAIN, VALIDATION, matches

Marks = dict[str, str]
"""A hash for each setting that names files, with its value: `data.train=rows.jsonl`."""


def marks_of(configs: Iterable[Config]) -> Marks:
    """Hash what the stages of a run read of the user's."""
    named = {setting: files for config in configs for setting, files in _named(config)}
    return {setting: _hash(files) for setting, files in sorted(named.items())}


def changed_files(before: Marks, now: Marks, folder: Path) -> list[Problem]:
    """Return the settings whose files are others than when the run in this folder began."""
    remedy = (
        f"changed since the run in {folder} began; restore what was there and it goes on, or "
        "begin another one with run.resume=false (where run.name is yours, choose another)"
    )
    return [
        Problem(setting, remedy)
        for setting, mark in before.items()
        if now.get(setting, mark) != mark
    ]


def _named(config: Config) -> Iterator[tuple[str, list[Path]]]:
    data, base = config.data, getattr(config.collect, "base", None)
    if isinstance(data, JsonlData):
        yield from _rows("data.train", data.train)
        if data.validation is not None:
            yield from _rows("data.validation", data.validation)
    if isinstance(data, TextData):
        yield f"data.train={data.train}", sorted(matches(data.train))
    if base is not None:
        yield from _rows("collect.base", Path(base))
    watched = [data.watch_task] if data.watch_task else []
    for task in (*config.hooks.evaluate.tasks, *watched):
        if task.endswith(SUFFIX):
            yield f"hooks.evaluate.tasks={task}", [Path(task)]


def _rows(setting: str, path: Path) -> Iterator[tuple[str, list[Path]]]:
    if referred(path) is None:  # else a stage of the run makes it
        files = [path / TRAIN, path / VALIDATION] if path.is_dir() else [path]
        yield f"{setting}={path}", files


def _hash(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        if path.is_file():
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
