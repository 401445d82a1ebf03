"""What the model is trained on: one class for each kind of data."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, StrictBool

from whetstone.evaluation.basics.problems import Difficulty
from whetstone.finetuning.config.schema.base import AuditedData, PathOrName, Section, UserPath
from whetstone.finetuning.config.schema.public_data import MixData, PublicData


class AutoData(Section):
    """What follows from the reward and the algorithm; chosen before anything runs."""

    name: Literal["auto"]
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class NanoData(Section):
    """The nano world: short Python functions made from a seed."""

    name: Literal["nano"]
    corpus_size: PositiveInt
    """Rows of (prompt, imperfect solution) that supervised training sees."""
    train_problems: PositiveInt
    """Problems with tests that reinforcement learning sees; pairs and labels are made of them."""
    wrong_per_problem: PositiveInt
    """Wrong programs set against each reference, in pairs and labels."""
    held_out: NonNegativeInt
    """Rows that are only measured, for algorithms that do not sample. 0: no measure."""
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None

    @property
    def programs(self) -> int:
        """How many rows of the corpus are made: none beyond the limit, as each follows the last."""
        return self.corpus_size if self.limit is None else min(self.corpus_size, self.limit)

    @property
    def posed(self) -> int:
        """How many problems are made for prompts: none beyond the limit either."""
        return self.train_problems if self.limit is None else min(self.train_problems, self.limit)


class NanoToolsData(Section):
    """Conversations of the nano world, half of them with a tool call; for supervised training."""

    name: Literal["nano_tools"]
    rows: PositiveInt
    held_out: NonNegativeInt
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class MbppData(AuditedData):
    """MBPP: 374 training problems with three tests each (Austin et al. 2021)."""

    name: Literal["mbpp"]
    split: Literal["train", "validation", "prompt"]
    held_out: NonNegativeInt
    """Rows of the validation split that are only measured, for supervised training."""
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class BasicsData(AuditedData):
    """About 400 small tasks of our own, a quarter of them held out by idea (docs/data.md)."""

    name: Literal["basics"]
    chat: StrictBool
    """Ask in the model's chat template; false: as a function's head and docstring to complete."""
    difficulty: list[Difficulty]
    """Only tasks of these; an empty list: all."""
    held_out: NonNegativeInt
    """Held-out tasks whose rows are only measured, for algorithms that do not sample."""
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class HumanEvalData(Section):
    """HumanEval's 164 problems (Chen et al. 2021). Training on them spoils them as a measure."""

    name: Literal["humaneval"]
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class PromptsData(Section):
    """Our own prompts, the same tasks in several languages. Without tests: a teacher grades."""

    name: Literal["prompts"]
    languages: Annotated[list[Literal["python", "cpp", "rust"]], Field(min_length=1)]
    stop: list[str]
    """Strings at which a completion is cut."""
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class JsonlData(AuditedData):
    """The user's own rows. What they hold follows from the algorithm: docs/data.md."""

    name: Literal["jsonl"]
    train: UserPath
    """A JSONL file, or a folder with train.jsonl and validation.jsonl (`whetstone collect`)."""
    validation: UserPath | None
    """A file of rows that are only measured; null: the folder's own, or some of `train`."""
    held_out: NonNegativeInt
    """At most this many rows are measured, and at most a tenth of a file that has to be split."""
    eval_tasks: list[PathOrName]
    """Other JSONL files, or tasks by name, that the model is measured on."""
    stop: list[str]
    """Strings at which a completion is cut, in training and in evaluation on JSONL files."""
    watch_task: PathOrName | None
    limit: PositiveInt | None


class TextData(Section):
    """Text files, a document each, for pretraining. A `text` column is `data=jsonl`."""

    name: Literal["text"]
    train: PathOrName
    """A file, a folder (all files below it), or a pattern such as `src/**/*.py`."""
    held_out: NonNegativeInt
    """At most this many documents are only measured, and at most a tenth."""
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


class HubData(AuditedData):
    """A data set of the Hugging Face Hub, or a folder that `datasets.load_dataset` reads."""

    name: Literal["hub"]
    path: PathOrName
    """`owner/name`, or a folder."""
    subset: str | None
    """The data set's configuration."""
    revision: str | None
    train_split: str
    validation_split: str | None
    """Rows that are only measured; null: some of the training rows."""
    rename: dict[str, str]
    """Column of the data set to field of a row: `{question: prompt}`."""
    held_out: NonNegativeInt
    eval_tasks: list[PathOrName]
    watch_task: PathOrName | None
    limit: PositiveInt | None


DataConfig = Annotated[
    AutoData
    | NanoData
    | NanoToolsData
    | MbppData
    | BasicsData
    | HumanEvalData
    | PromptsData
    | JsonlData
    | TextData
    | HubData
    | PublicData
    | MixData,
    Field(discriminator="name"),
]
