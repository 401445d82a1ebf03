"""Public data sets of code problems, alone and mixed (`whetstone.evaluation.public`)."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, StrictBool

from whetstone.evaluation.public.rows import PublicRows
from whetstone.finetuning.config.schema.base import AuditedData, PathOrName

PublicName = Literal[
    "apps",
    "taco",
    "code_contests",
    "deepcoder",
    "livecodebench",
    "codeforces",
    "kodcode",
    "acecode",
    "leetcode",
    "mbppplus",
    "humanevalplus",
]


class _PublicProblems(AuditedData):
    split: str
    """As the data set calls it: train, test, valid."""
    chat: StrictBool
    """Ask in the model's chat template; false: as text that ends where the program begins."""
    difficulty: list[str]
    """Only problems that the data set calls so; an empty list: all."""
    held_out: NonNegativeInt
    """Rows that are only measured, at most a tenth of all, for algorithms that do not sample."""
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None
    """Problems that are read; what comes after them is neither read nor held in memory."""


class PublicData(_PublicProblems):
    """A public data set, as a stream from the Hub or from a folder in its official layout."""

    name: PublicName
    path: PathOrName | None
    """A folder, a file, or another home on the Hub; null: WHETSTONE_DATA_DIR, then its own home."""
    subset: str | None
    """A configuration of the Hub, a release of LiveCodeBench; null: all that make up the split."""

    @property
    def sources(self) -> dict[str, PublicRows]:
        """The rows, by the setting that names them."""
        setting = f"data={self.name}" if self.path is None else f"data.path={self.path}"
        return {setting: PublicRows(self.name, self.split, self.subset, self.path)}


class MixData(_PublicProblems):
    """Rows of several public data sets, drawn one by one in given shares."""

    name: Literal["mix"]
    mix: Annotated[dict[PublicName, PositiveFloat], Field(min_length=1)]
    """Data set to its share: `{deepcoder: 0.7, kodcode: 0.3}`; only their proportion counts. Rows
    are drawn until `limit`, or until a data set that is drawn has none left."""

    @property
    def sources(self) -> dict[str, PublicRows]:
        """The rows of each data set, by the setting that names them."""
        return {f"data.mix.{name}": PublicRows(name, self.split) for name in self.mix}
