"""Combines the rewards of a run: builds and orders them, shares verdicts, sums and closes them.

A reward that wants another's verdicts must be asked after it. The sum over rewards does not depend
on their order, so they may be sorted.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from whetstone.rewards.base import Completion, KeepsFiles, Reward, RewardConfig


class UnusableRewardsError(ValueError):
    """Rewards that cannot be built.

    Attributes:
        reasons: What is wrong, by the name of the reward.

    """

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = reasons


def in_order(configs: Iterable[RewardConfig]) -> list[RewardConfig]:
    """Sort configs so that each comes after the one whose verdicts it wants.

    Raises:
        UnusableRewardsError: The wanted one is not among them.

    """
    configs = list(configs)
    names = [config.name for config in configs]
    alone = {
        config.name: f"it wants the verdicts of {config.after}, which is not chosen: "
        f"reward=[{config.after},{config.name}]"
        for config in configs
        if config.after is not None and config.after not in names
    }
    if alone:
        raise UnusableRewardsError(alone)
    return sorted(configs, key=lambda config: config.after is not None)


def imports_of(configs: Iterable[RewardConfig]) -> frozenset[str] | None:
    """Return the modules that tests can import in all rewards that run them; None if none does."""
    known = [config.imports for config in configs if config.imports is not None]
    return frozenset.intersection(*known) if known else None


class RewardSet:
    """Several rewards as one: asked in order, and their weighted sum, as a run pays it.

    A reward itself, and a context manager that closes them all.

    Args:
        configs: The rewards of a run, in any order.
        folder: Where those that keep files leave them; None where nothing is kept.

    Raises:
        UnusableRewardsError: With all that cannot be built.
        RunStopped: What a reward asks outside cannot be reached now.

    """

    def __init__(self, configs: Iterable[RewardConfig], folder: Path | None = None) -> None:
        self.configs = tuple(in_order(configs))
        self.rewards = _built(self.configs, folder)
        self.weights = tuple(config.weight for config in self.configs)
        self.__name__ = " x ".join(reward.__name__ for reward in self.rewards)

    def ask(
        self, prompts: list[Any], completions: list[Any], **columns: Any
    ) -> list[list[float | None]]:
        """Ask every reward about a batch of N completions.

        Args:
            prompts: N prompts.
            completions: N completions, texts or messages.
            columns: Those of the data and of TRL, see `Reward`.

        Returns:
            One list of N values per reward, in the order of `rewards`.

        """
        return [
            reward(prompts=prompts, completions=completions, **columns) for reward in self.rewards
        ]

    def totals(self, judged: Sequence[Sequence[float | None]]) -> list[float | None]:
        """Sum what `ask` returned, as training does: one value per completion.

        None where no reward said anything, or where one could not judge whose None means that (its
        infrastructure failed).
        """
        strict = [getattr(reward, "none_masks_sample", False) for reward in self.rewards]
        return [self._total(values, strict) for values in zip(*judged, strict=True)]

    def _total(self, values: Sequence[float | None], strict: Sequence[bool]) -> float | None:
        if any(value is None for value, masks in zip(values, strict, strict=True) if masks):
            return None
        weighted = zip(self.weights, values, strict=True)
        said = [weight * value for weight, value in weighted if value is not None]
        return sum(said) if said else None

    def __call__(
        self, prompts: list[Any], completions: list[Any], **columns: Any
    ) -> list[float | None]:
        """Return the weighted sum of each completion."""
        return self.totals(self.ask(prompts, completions, **columns))

    def close(self) -> None:
        """Close all of them."""
        for reward in self.rewards:
            reward.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _built(configs: Iterable[RewardConfig], folder: Path | None) -> tuple[Reward, ...]:
    board = Board()
    reasons: dict[str, str] = {}
    with ExitStack() as opened:
        rewards: list[Reward] = []
        for config in configs:
            try:
                reward = config.build()
            except ValueError as error:
                reasons[config.name] = str(error)
                continue
            opened.callback(reward.close)
            rewards.append(reward)
            if folder is not None and isinstance(reward, KeepsFiles):
                reward.keep_in(folder)
            if isinstance(reward, Shares):
                reward.share(board)
        if reasons:
            raise UnusableRewardsError(reasons)
        opened.pop_all()
    return tuple(rewards)


class Board:
    """Verdicts of the current batch, by reward."""

    def __init__(self) -> None:
        self._posted: dict[str, tuple[list[Any], list[Completion], list[str]]] = {}

    def post(
        self,
        reward: str,
        prompts: Sequence[Any],
        completions: Sequence[Completion],
        verdicts: Sequence[str],
    ) -> None:
        """Leave a verdict per completion; what the reward posted before is gone."""
        self._posted[reward] = (list(prompts), list(completions), [str(word) for word in verdicts])

    def read(
        self, reward: str, prompts: Sequence[Any], completions: Sequence[Completion]
    ) -> list[str]:
        """Return the verdicts of exactly this batch.

        Raises:
            LookupError: The reward was not asked about this batch, or is asked later.

        """
        posted = self._posted.get(reward)
        if posted is None or posted[:2] != (list(prompts), list(completions)):
            raise LookupError(
                f"reward '{reward}' has not run on this batch; "
                "list it before the reward whose `when` reads it"
            )
        return posted[2]


@runtime_checkable
class Shares(Protocol):
    """A reward that posts on a board or reads from one."""

    def share(self, board: Board) -> None:
        """Use this board from now on."""
