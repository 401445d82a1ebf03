"""A tester's line to the zygote: have a child forked, be told how it ended."""

import socket

from whetstone.rewards.sandbox import zygote
from whetstone.rewards.sandbox.outcome import Death
from whetstone.rewards.sandbox.tier import Tier

CPU_GRACE_S = 5.0
"""Processor seconds of a tester beyond a program's timeout, before the kernel ends it."""


class Orders:
    """A tester's line to the zygote: start a child, end it."""

    def __init__(
        self,
        line: socket.socket,
        packages: frozenset[str] = frozenset(),
        never_together: str | None = None,
    ) -> None:
        self._line = line
        self.packages = packages
        """What tests can import beside the library."""
        self.never_together = never_together
        """Why no tests may run beside their program here, or None."""

    def start(self, timeout_s: float, tier: Tier = Tier.APART) -> socket.socket:
        """Have a child forked; returns our end of its channel."""
        letter = zygote.BESIDE if tier is Tier.TOGETHER else zygote.START
        return self._start(zygote.ORDER.pack(letter, 0, timeout_s))

    def start_nursery(self, timeout_s: float, memory_mb: int) -> socket.socket:
        """Have a child forked that forks a program's processes; returns our end of its channel.

        `memory_mb` 0 gives them what the zygote has.
        """
        return self._start(zygote.ORDER.pack(zygote.NURSE, memory_mb, timeout_s))

    def _start(self, order: bytes) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._line, [order], [theirs.fileno()])
        return ours

    def end(self, *, hung_up: bool = False) -> Death:
        """Kill the child, which has `hung_up` already or not. Raises `OSError`."""
        self._line.send(zygote.ORDER.pack(zygote.END, hung_up, 0.0))
        answer = self._line.recv(zygote.ENDED.size)
        if len(answer) != zygote.ENDED.size:
            raise OSError("the zygote is gone")
        return Death(*zygote.ENDED.unpack(answer))
