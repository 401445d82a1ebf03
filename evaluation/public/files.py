"""Rows out of files in the layouts that data sets are published in: JSON Lines, JSON, Parquet.

Files are read a row at a time, JSON arrays apart. Which files of a folder belong to a split is told
by their names, as the Hub does it: `train.jsonl`, `data/train-00000-of-00004.parquet`.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.public.problem import Row

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet")

_BATCH = 16
_OTHER_SPLITS = ("train", "test", "valid", "validation")


def files_of_split(
    place: Path, split: str, subsets: Iterable[str | None], names: Iterable[str]
) -> list[Path]:
    """Return the files of a split, in the order of their names.

    Args:
        place: a file, which is all there is, or a folder.
        split: as the file names have it; where they name no split at all, every file is one's.
        subsets: folders of configurations; where the folder has some of them, no others are read.
        names: the very names, for a data set that has them; those that there are.

    """
    if place.is_file():
        return [place]
    if exact := [place / name for name in names if (place / name).is_file()]:
        return exact
    found = sorted(path for path in place.rglob("*") if is_of_rows(path))
    wanted = {subset for subset in subsets if subset is not None}
    chosen = [path for path in found if wanted & {*path.relative_to(place).parts[:-1]}]
    found = chosen or found
    if not any(_mentions(path, place, name) for path in found for name in _OTHER_SPLITS):
        return found
    return [path for path in found if _mentions(path, place, split)]


def is_of_rows(path: Path) -> bool:
    """Tell whether a file may hold rows, by its name."""
    return path.name.endswith(SUFFIXES) and not path.name.startswith(".") and path.is_file()


def rows_of_file(path: Path) -> Iterator[Row]:
    """Yield the rows of a file.

    Raises:
        DataUnavailable: it is damaged, or holds something else.

    """
    try:
        for number, row in enumerate(_rows(path), start=1):
            if not isinstance(row, dict):
                raise DataUnavailable(f"{path}, row {number}: expected an object")
            yield row
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataUnavailable(f"{path} cannot be read: {error}") from error


def _rows(path: Path) -> Iterator[Any]:
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="\n") as lines:
        first = next((line for line in lines if line.strip()), "")
        if first.lstrip().startswith("["):
            yield from json.loads(first + lines.read())
            return
        for line in chain([first], lines):
            if line.strip():
                yield json.loads(line)


def _parquet(path: Path) -> Iterator[Row]:
    # Imported here because it takes a moment that no other layout needs.
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415

    with ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH):
            yield from batch.to_pylist()


def _mentions(path: Path, folder: Path, split: str) -> bool:
    name = path.relative_to(folder).as_posix().lower()
    return re.search(rf"(?:^|[/_.-]){split}(?=[/_.\d-]|$)", name) is not None
