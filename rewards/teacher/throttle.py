"""How many requests may be in flight: as many as the provider takes, learned from what it says.

A limit that nobody told us about shows as 429s. One in twenty is noise, and does not slow us down.
Where it is one in three and more, there is less and less room, and a place that was turned away
stays empty for as long as the provider asks to wait: then knocking goes at the pace of its limit.
"""

import asyncio
from collections import deque
from types import TracebackType

_LOST, _GAINED = 1.0, 0.5
"""Room that a 429 costs, and that an answer gives: they are even where one in three is a 429."""


class Throttle:
    """Room for requests in flight: `async with throttle`. Belongs to one event loop.

    Args:
        most: Requests in flight, at most.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._room = float(most)
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.answers = 0
        """Requests that were answered: while they become more, a 429 is a matter of pace."""

    async def __aenter__(self) -> None:
        while self._taken >= int(self._room):
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._call()  # it may have been this one's turn
                raise
        self._taken += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._give_back()

    def answered(self) -> None:
        """Note that the provider took a request."""
        self.answers += 1
        self._room = min(self._room + _GAINED, self._most)

    def turned_away(self, wait_s: float) -> None:
        """Note a 429. Where there are many, a place stays empty for as long as it asks to wait."""
        self._room = max(self._room - _LOST, 1.0)
        if self._room < max(self._most / 2, 2.0):
            self._taken += 1
            asyncio.get_running_loop().call_later(wait_s, self._give_back)

    def _give_back(self) -> None:
        self._taken -= 1
        self._call()

    def _call(self) -> None:
        """Let as many of those who wait look again as there are places."""
        free = int(self._room) - self._taken
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
