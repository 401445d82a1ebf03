"""Where the rows of a published task come from: a local folder first, then the Hub.

`WHETSTONE_DATA_DIR` names the folder, for machines without a network. Nothing is downloaded to
find out that something is missing, and a file in another layout is refused rather than guessed at.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whetstone.evaluation.data_folder import DATA_DIR_VARIABLE, data_folder, is_offline, not_there
from whetstone.evaluation.errors import DataUnavailable

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowSource:
    """A published data set: its file in the data folder, its home on the Hub, its columns."""

    file: str
    repository: str
    config: str | None
    columns: frozenset[str]

    def why_unavailable(self) -> str | None:
        """Say why the rows cannot be had, or None when they are here or the Hub may be tried.

        Takes no network and no heavy import: a configuration is checked with it.
        """
        folder = data_folder()
        if folder is not None and not folder.is_dir():
            return (
                f"{DATA_DIR_VARIABLE}={folder} is not a folder. Set it to the folder that holds "
                f"{self.file}, or unset it to load {self.repository} from the Hub."
            )
        if self._local() is None and is_offline() and not self._cached().is_dir():
            return self._advice("the environment switches it off, and no copy is cached")
        return None

    def rows(self) -> list[Row]:
        """Load every row, of all splits, in the published order.

        Raises:
            DataUnavailable: with what was looked for, where, and the remedy.

        """
        if reason := self.why_unavailable():
            raise DataUnavailable(reason)
        path = self._local()
        rows = self._from_hub() if path is None else _read(path)
        origin = self.repository if path is None else str(path)
        for number, row in enumerate(rows, start=1):
            if missing := self.columns - row.keys():
                raise DataUnavailable(
                    f"{origin}, row {number} lacks {', '.join(sorted(missing))}: "
                    f"this is not the official layout of {self.file}."
                )
        return rows

    def _local(self) -> Path | None:
        folder = data_folder()
        path = folder / self.file if folder is not None else None
        return path if path is not None and path.is_file() else None

    def _cached(self) -> Path:
        """Where `datasets` keeps a prepared copy, which it also serves offline."""
        xdg = os.environ.get("XDG_CACHE_HOME", "~/.cache")
        home = os.environ.get("HF_HOME", f"{xdg}/huggingface")
        cache = os.environ.get("HF_DATASETS_CACHE", f"{home}/datasets")
        return Path(cache).expanduser() / self.repository.replace("/", "___")

    def _from_hub(self) -> list[Row]:
        # Imported here because it takes a second that a configuration error must not cost.
        from datasets import load_dataset  # noqa: PLC0415
        from datasets.exceptions import DatasetsError  # noqa: PLC0415

        try:
            splits = load_dataset(self.repository, self.config)
        except (OSError, ValueError, DatasetsError) as error:
            raise DataUnavailable(self._advice(str(error))) from error
        return [dict(row) for split in splits.values() for row in split]

    def _advice(self, hub: str) -> str:
        return (
            f"{not_there(self.file)}, and {self.repository} cannot be loaded from the Hub: {hub}. "
            f"Put {self.file} into a folder and set {DATA_DIR_VARIABLE} to it, "
            "or go online and unset HF_HUB_OFFLINE."
        )


def _read(path: Path) -> list[Row]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            return _parsed(lines)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataUnavailable(f"{path} cannot be read as gzipped JSON lines: {error}") from error


def _parsed(lines: Iterable[str]) -> list[Row]:
    rows = [json.loads(line) for line in lines if line.strip()]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected one JSON object a line")
    return rows
