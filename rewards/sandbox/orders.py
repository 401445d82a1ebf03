"""A tester's line to the zygote: have a child forked, be told how it ended."""

import os
import socket

from whetstone.rewards.sandbox import zygote
from whetstone.rewards.sandbox.outcome import Death
from whetstone.rewards.sandbox.scripts.dialogue import Streams
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
        ours, theirs = socket.socketpair()
        letter = zygote.BESIDE if tier is Tier.TOGETHER else zygote.START
        with theirs:
            order = zygote.ORDER.pack(letter, 0, timeout_s)
            socket.send_fds(self._line, [order], [theirs.fileno()])
        return ours

    def start_script(self, timeout_s: float, memory_mb: int) -> tuple[socket.socket, Streams]:
        """Have a child with standard streams forked; returns our ends of all.

        `memory_mb` 0 gives it what the zygote has.
        """
        ours, theirs = socket.socketpair()
        streams, inherited = Streams.opened()
        with theirs:
            order = zygote.ORDER.pack(zygote.START, memory_mb, timeout_s)
            socket.send_fds(self._line, [order], [theirs.fileno(), *inherited])
        for descriptor in inherited:
            os.close(descriptor)
        return ours, streams

    def end(self, *, hung_up: bool = False) -> Death:
        """Kill the child, which has `hung_up` already or not. Raises `OSError`."""
        self._line.send(zygote.ORDER.pack(zygote.END, hung_up, 0.0))
        answer = self._line.recv(zygote.ENDED.size)
        if len(answer) != zygote.ENDED.size:
            raise OSError("the zygote is gone")
        return Death(*zygote.ENDED.unpack(answer))
