"""What one reward found out about a batch, for a reward that is asked after it.

TRL calls rewards one by one and lets none see another's answer. On a board the first posts a word
for each completion (`passed`), and a costly second reads it and asks only where it has to. Refuses
to answer for a batch that nobody has posted: a stale verdict would be a wrong one.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from rewards.base import Completion


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
