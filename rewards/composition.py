"""Rewards that are used in one run: put in order, and given one board.

A reward that wants another's verdicts must be asked after it. The sum over rewards does not depend
on their order, so they may be sorted.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from whetstone.rewards.base import Completion, Reward, RewardConfig


def in_order(configs: Sequence[RewardConfig]) -> list[RewardConfig]:
    """Sort configs so that each comes after the one whose verdicts it wants.

    Raises `ValueError` where that one is not among them.
    """
    names = [config.name for config in configs]
    for config in configs:
        if config.after is not None and config.after not in names:
            raise ValueError(
                f"it wants the verdicts of {config.after}, which is not chosen:"
                f" reward=[{config.after},{config.name}]"
            )
    return sorted(configs, key=lambda config: config.after is not None)


def share_board(rewards: Sequence[Reward]) -> None:
    """Give the rewards of one trainer a board of their own."""
    board = Board()
    for reward in rewards:
        if isinstance(reward, Shares):
            reward.share(board)


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
            LookupError: the reward was not asked about this batch, or is asked later.

        """
        posted = self._posted.get(reward)
        if posted is None or posted[:2] != (list(prompts), list(completions)):
            raise LookupError(
                f"reward {reward} has said nothing about this batch: it must be asked before"
            )
        return posted[2]


@runtime_checkable
class Shares(Protocol):
    """A reward that posts on a board or reads from one."""

    def share(self, board: Board) -> None:
        """Use this board from now on."""
