"""When a tester began what it runs now, and what is behind it: written by it, read by the host.

A job may be many inputs, each with its own time, and to tell the host of every one would cost as
much as a message. So it stands on a page that both have, and the host looks there only when a
program seems to be late.
"""

import mmap
import struct
import time

from whetstone.rewards.sandbox import processes

_SINCE = struct.Struct("=3dQ")


class Clock:
    """A page of memory that a host shares with one tester. Times are those of `time.monotonic`."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._own = -1

    def start(self) -> None:
        """Find out, in the tester and before it is confined, where its seconds are counted."""
        self._own = processes.open_times("self")

    def begin(self, passed: int) -> None:
        """Say that another input begins, and how many of this job the program has passed."""
        ran_s, waited_s = processes.read_times(self._own) or (0.0, 0.0)
        _SINCE.pack_into(self._page, 0, time.monotonic(), ran_s, waited_s, passed)

    def since(self) -> tuple[float, tuple[float, float]]:
        """Return when the last input but the first of a job began.

        With it comes what `processes.times_s` of the tester was then.
        """
        began, ran_s, waited_s, _ = _SINCE.unpack_from(self._page)
        return began, (ran_s, waited_s)

    def passed(self, began: float) -> int:
        """Return how many inputs a job passed that began then, should its tester not tell."""
        last, *_, passed = _SINCE.unpack_from(self._page)
        return int(passed) if last > began else 0

    def close(self) -> None:
        """Give the page back, in the host."""
        self._page.close()
