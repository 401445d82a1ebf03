"""Where the rows of a public data set come from: a folder here first, then the Hub, as a stream.

A folder is named by the user, or it bears the data set's name in `WHETSTONE_DATA_DIR`. Nothing is
downloaded to find out that something is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whetstone.evaluation.data_folder import DATA_DIR_VARIABLE, data_folder, is_offline, not_there
from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.public.files import SUFFIXES, files_of_split, rows_of_file
from whetstone.evaluation.public.problem import Row
from whetstone.evaluation.public.table import PUBLIC_SETS, PublicSet


@dataclass(frozen=True, slots=True)
class PublicRows:
    """The rows of one split of a public data set.

    Attributes:
        name: a key of `PUBLIC_SETS`.
        split: as the data set calls it.
        subset: one of the Hub's configurations, or a release; None: all that make up the split.
        path: a folder or file here, or another home on the Hub; None looks in the data folder, then
            in the data set's own home.

    """

    name: str
    split: str
    subset: str | None = None
    path: str | None = None

    @property
    def file(self) -> str:
        """What is looked for in the data folder."""
        return self.name

    def why_wrong(self) -> str | None:
        """Say what of these settings cannot be meant, or None."""
        if self.split not in self._set.splits:
            known = ", ".join(self._set.splits)
            return f"{self.name} has no split {self.split!r}: choose one of {known}"
        if self._set.files is not None:
            try:
                self._set.files(self.subset)
            except ValueError as error:
                return f"{self.name} has no release {self.subset!r}: {error}"
        place = self._place()
        if place is not None:
            return None if self._files(place) else f"{place} has no file of the split {self.split}"
        if self.path is not None and (Path(self.path).is_absolute() or self.path.count("/") != 1):
            return f"there is no file or folder {self.path}"
        return None

    def why_unavailable(self) -> str | None:
        """Say why there are no rows, or None where they are here or the Hub may be tried.

        Takes no network and no heavy import: a configuration is checked with it.
        """
        if reason := self.why_wrong():
            return reason
        if self._place() is not None:
            return None
        return self._advice("the environment switches it off") if is_offline() else None

    def rows(self) -> Iterator[Row]:
        """Yield every row, in the published order, as it is read.

        Raises:
            DataUnavailable: with what was looked for, where, and the remedy.

        """
        if reason := self.why_unavailable():
            raise DataUnavailable(reason)
        place = self._place()
        if place is None:
            yield from self._from_hub()
            return
        for path in self._files(place):
            yield from rows_of_file(path)

    @property
    def _set(self) -> PublicSet:
        return PUBLIC_SETS[self.name]

    @property
    def _repository(self) -> str:
        return self.path or self._set.repository

    def _subsets(self) -> tuple[str | None, ...]:
        return self._set.splits[self.split] if self.subset is None else (self.subset,)

    def _names(self) -> tuple[str, ...]:
        return () if self._set.files is None else self._set.files(self.subset)

    def _place(self) -> Path | None:
        """Return the folder or file here, where there is one."""
        if self.path is not None:
            path = Path(self.path).expanduser()
            return path if path.exists() else None
        folder = data_folder()
        if folder is None:
            return None
        places = (folder / f"{self.name}{suffix}" for suffix in ("", *SUFFIXES))
        return next((place for place in places if place.exists()), None)

    def _files(self, place: Path) -> list[Path]:
        return files_of_split(place, self.split, self._subsets(), self._names())

    def _from_hub(self) -> Iterator[Row]:
        # Imported here because it takes a second that a configuration error must not cost.
        import httpx2  # noqa: PLC0415
        from datasets.exceptions import DatasetsError  # noqa: PLC0415

        try:
            for stream in self._streams():
                for row in stream:
                    yield dict(row)
        except (OSError, ValueError, DatasetsError, httpx2.HTTPError) as error:
            raise DataUnavailable(self._advice(" ".join(str(error).split()))) from error

    def _streams(self) -> Iterator[Any]:
        from datasets import load_dataset  # noqa: PLC0415

        if names := self._names():
            files = [f"hf://datasets/{self._repository}/{name}" for name in names]
            yield load_dataset("json", data_files=files, split="train", streaming=True)
            return
        for subset in self._subsets():
            yield load_dataset(self._repository, subset, split=self.split, streaming=True)

    def _advice(self, hub: str) -> str:
        return (
            f"{not_there(self.name)}, and {self._repository} cannot be read from the Hub: {hub}. "
            f"Put its files into a folder {self.name} in {DATA_DIR_VARIABLE}, name their folder "
            "(data.path), or go online and unset HF_HUB_OFFLINE."
        )
