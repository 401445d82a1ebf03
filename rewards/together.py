"""Rewards that are used in one run: put in order, and given one board.

A reward that wants another's verdicts must be asked after it. The sum over rewards does not depend
on their order, so they may be sorted.
"""

from collections.abc import Iterable, Sequence

from rewards.base import Reward, RewardConfig
from rewards.board import Board, Shares


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


def imports_of(configs: Iterable[RewardConfig]) -> frozenset[str] | None:
    """Return the modules that tests can import in all rewards that run them; None if none does."""
    known = [config.imports for config in configs if config.imports is not None]
    return frozenset.intersection(*known) if known else None


def share_board(rewards: Sequence[Reward]) -> None:
    """Give the rewards of one trainer a board of their own."""
    board = Board()
    for reward in rewards:
        if isinstance(reward, Shares):
            reward.share(board)
