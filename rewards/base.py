"""What a reward is: the callable that a trainer asks, and the config that builds it.

A reward is a reward function of TRL, so it works in every TRL trainer that takes one. It never
turns its own failure into a bad grade: a completion that could not be judged gets None, which masks
it, and not 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, FiniteFloat

Message = dict[str, Any]
"""A chat message: at least `role` and `content`."""

Completion = str | list[Message]
"""What the policy wrote: text, or the messages that it added to a conversation."""


class Reward(Protocol):
    """Judges completions. `__name__` names its metrics, as a function's does."""

    __name__: str

    def __call__(
        self, prompts: list[Any], completions: list[Any], **columns: Any
    ) -> list[float | None]:
        """Give one reward per completion; None where it says nothing.

        `columns` are those of the dataset, a value per completion, and what TRL adds to them:
        `completion_ids`, `trainer_state`, `log_metric(name, value)`, `log_extra(column, values)`.
        """

    def close(self) -> None:
        """Release processes, connections and files."""


@runtime_checkable
class KeepsFiles(Protocol):
    """A reward that leaves files of its own with a run."""

    def keep_in(self, folder: Path) -> None:
        """Use this folder, that of the run, from the next call on."""


@runtime_checkable
class Costs(Protocol):
    """A reward that is paid for by the call."""

    def estimate(
        self, prompts: Sequence[Any], groups: int, group: int, completion_tokens: int
    ) -> str:
        """Say, in a line for the user, what a run will cost at most.

        Args:
            prompts: Those of the data set.
            groups: How often a prompt is answered; one that is seen again counts again.
            group: Completions of a prompt that are judged together, at most.
            completion_tokens: The length of each, at most.

        """


@runtime_checkable
class Prepares(Protocol):
    """A reward that looks at every problem before a completion of any is drawn."""

    def prepare(self, columns: Mapping[str, Sequence[Any]]) -> str:
        """Look at the columns of the data set; returns a line for the user.

        Raises `ValueError` if nothing of it can be judged.
        """


class RewardConfig(BaseModel, ABC):
    """The settings of one reward: immutable, and closed against unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    changeable: ClassVar[frozenset[str]] = frozenset()
    """Settings that a run may change when it is continued, since no reward depends on them."""

    name: str
    """Which reward: the key of `whetstone.rewards.table`."""
    weight: FiniteFloat
    """Factor of this reward in the sum over all selected rewards."""

    @property
    def after(self) -> str | None:
        """The reward whose verdicts this one wants to see first, by name."""
        return None

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the data without which nothing can be judged."""
        return frozenset()

    @property
    def imports(self) -> frozenset[str] | None:
        """Modules that tests in the data can import; None for a reward that runs no tests."""
        return None

    def check_rows(self, values: Callable[[str], Iterable[Any]]) -> None:
        """Check what the rows have in `columns`; `values` gives those of a column.

        Raises `ValueError` where this reward cannot judge them here.
        """

    @abstractmethod
    def build(self) -> Reward:
        """Make the reward.

        Raises:
            ValueError: a setting names what does not exist.
            RunStopped: what the reward asks outside cannot be reached now.

        """


class RunStopped(RuntimeError):  # noqa: N818 - no error of the code, and named for what it means
    """The run ends here, and the same command continues it: exit code 3.

    An exception, and no flag on the trainer's state: it ends every trainer, also one with many
    processes of which only this one knows the reason, and cannot pass for a run that was completed.
    """
