"""A tester's end of the parent of a program's processes: run the program on an input, once more."""

import math
import os
import select
import socket
from dataclasses import replace

from whetstone.rewards.sandbox import frames
from whetstone.rewards.sandbox.orders import Orders
from whetstone.rewards.sandbox.outcome import NO_DEATH, Death
from whetstone.rewards.sandbox.program.nursery import (
    BECOME,
    BROKEN,
    CLOSED,
    FORK,
    MOST_FORKS,
    REPEAT,
)
from whetstone.rewards.sandbox.program.repeats import ASKED, MOST_ERRORS, TOLD
from whetstone.rewards.sandbox.scripts.dialogue import Dialogue, Printed, Streams

_MOST_REPEATED_S = 1.0
"""Seconds after which one process takes no further input: it has those of one input, and two."""


class ProgramLine:
    """One program that is run on several inputs.

    Args:
        orders: To the zygote, which forks the parent of the program's processes.
        program: Its source.
        timeout_s: Seconds of each process.
        memory_mb: Its megabytes; None for what the sandbox gives.
        repeats: Whether one process may run it on all of them, should it leave no traces.

    """

    def __init__(
        self,
        orders: Orders,
        program: str,
        timeout_s: float,
        memory_mb: int | None,
        *,
        repeats: bool,
    ) -> None:
        self._orders = orders
        self._channel = orders.start_nursery(timeout_s, memory_mb or 0)
        self._repeats = False
        self._told_s = 0.0
        self._left = MOST_FORKS
        self.is_open = True
        """Whether it can run the program once more."""
        self.has_run = False
        """Whether a run before has used its process, which the next one takes as it is."""
        try:
            frames.send_json(self._channel.fileno(), program)
            # Asked once: whatever is said after a program has run is the program's.
            self._repeats = repeats and self._is_repeated()
        except OSError:
            return  # it is gone already, and its end says why

    def _is_repeated(self) -> bool:
        self._channel.send(REPEAT)
        return self._channel.recv(len(REPEAT)) == REPEAT

    def run(self, given: bytes, most: int, *, last: bool) -> tuple[Printed, Death]:
        """Run the program on an input; returns what it printed, `most` bytes, and how it ended.

        With the `last` one no other can follow. Raises `OSError` if the sandbox fails.
        """
        if self._repeats:
            return self._run_again(given, most)
        last |= self._left == 1
        self._left -= 1
        streams, theirs = Streams.opened()
        try:
            if last:  # what it says on this channel from now on is the program's
                self._channel.shutdown(socket.SHUT_RD)
            socket.send_fds(self._channel, [BECOME if last else FORK], theirs)
        except OSError:
            pass  # as above
        finally:
            Streams.close_all(theirs)
        event = 0 if last else select.POLLIN
        printed = Dialogue(self._channel.fileno(), event, streams, given, most).run()
        if not last and not printed.too_much:
            told = self._channel.recv(CLOSED.size)
            if len(told) == CLOSED.size:
                status, user_s, user_us, system_s, system_us = CLOSED.unpack(told)
                cpu_s = user_s + system_s + (user_us + system_us) / 1e6
                self._told_s += cpu_s
                return printed, Death(status, False, cpu_s, 0)
        death = self._end(hung_up=not printed.too_much)
        if not last and os.WIFEXITED(death.status) and os.WEXITSTATUS(death.status) == BROKEN:
            raise OSError("no process could be forked for the program")
        return printed, death

    def _run_again(self, given: bytes, most: int) -> tuple[Printed, Death]:
        """Run the program in the process that has run it before. No more of it is known for sure.

        It tells an exit status of its own at most, and the seconds that it tells are compared with
        the kernel's in the end.
        """
        channel = self._channel.fileno()
        try:
            frames.send(channel, ASKED.pack(most) + given)
            told = frames.receive(channel, TOLD.size + most + 1 + MOST_ERRORS)
        except (OSError, frames.FrameError):
            told = None
        if told is None or len(told) < TOLD.size:
            return Printed(b"", b"", too_much=False, late=False), self._end(hung_up=True)
        status, cpu_s, length = TOLD.unpack_from(told)
        text = memoryview(told)[TOLD.size :]
        output, errors = bytes(text[:length]), bytes(text[length:])
        printed = Printed(output[:most], errors, too_much=len(output) > most, late=False)
        status <<= 8
        if not math.isfinite(cpu_s) or cpu_s < 0:
            cpu_s = 0.0
        if status == 0 and not printed.too_much and self._told_s + cpu_s < _MOST_REPEATED_S:
            self._told_s += cpu_s
            self.has_run = True
            return printed, Death(status, False, cpu_s, 0)
        return printed, replace(self._end(hung_up=False), status=status, lived=False)

    def close(self) -> Death:
        """End whatever is left; returns what it has cost beyond the deaths that were told."""
        return self._end(hung_up=False) if self.is_open else NO_DEATH

    def _end(self, *, hung_up: bool) -> Death:
        """End the parent, whose memory is the most that it or what it forked has held."""
        self.is_open = False
        death = self._orders.end(hung_up=hung_up)
        self._channel.close()
        return replace(death, cpu_s=max(0.0, death.cpu_s - self._told_s))
