"""The streams of a running program: feed its input, take what it prints, notice its end.

All at once, since a program may print before it has read. It may also do neither, close what it
likes, or print without end: nothing here waits for one stream alone, and what is kept is bounded.
"""

import os
import select
from dataclasses import dataclass

_CHUNK = 1 << 16
_MOST_ERRORS = 4096


@dataclass(frozen=True)
class Streams:
    """Our ends of a program's streams, as descriptors."""

    stdin: int
    stdout: int
    stderr: int


@dataclass(frozen=True)
class Printed:
    """What a program wrote."""

    output: bytes
    errors: bytes
    """The end of its standard error."""
    too_much: bool
    """It printed more than was allowed, and may still be running."""


class Exchange:
    """One program's input and output; closes its descriptors in the end.

    Args:
        channel: A descriptor that hangs up when the program's process is gone.
        streams: Our ends.
        given: What the program can read.
        most: Bytes that it may print.

    """

    def __init__(self, channel: int, streams: Streams, given: bytes, most: int) -> None:
        self._channel = channel
        self._streams = streams
        self._left = memoryview(given)
        self._most = most
        self._poll = select.poll()
        self._open = {streams.stdin, streams.stdout, streams.stderr}
        self._output, self._errors = bytearray(), bytearray()

    def run(self) -> Printed:
        """Go on until the program is gone, or has printed more than it may."""
        try:
            self._start()
            while self._listen():
                pass
            while not self._is_flooded and self._take(self._streams.stdout):
                pass
            self._take(self._streams.stderr)
        finally:
            for descriptor in self._open:
                os.close(descriptor)
        output = bytes(self._output[: self._most])
        return Printed(output, bytes(self._errors), too_much=self._is_flooded)

    @property
    def _is_flooded(self) -> bool:
        return len(self._output) > self._most

    def _start(self) -> None:
        self._poll.register(self._channel, 0)  # that it hangs up is always told
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
        self._poll.register(self._streams.stdout, select.POLLIN)
        self._poll.register(self._streams.stderr, select.POLLIN)
        self._poll.register(self._streams.stdin, select.POLLOUT)
        self._feed()

    def _listen(self) -> bool:
        """Do what can be done now; False once there is nothing more to wait for."""
        for descriptor, _ in self._poll.poll():
            if descriptor == self._channel:
                return False
            if descriptor == self._streams.stdin:
                self._feed()
            elif not self._take(descriptor):
                self._close(descriptor)
        return not self._is_flooded

    def _feed(self) -> None:
        """Write what the program takes, and close its input after the last of it."""
        try:
            while self._left:
                self._left = self._left[os.write(self._streams.stdin, self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass  # it has closed its input, as a program may that needs no more of it
        self._close(self._streams.stdin)

    def _take(self, descriptor: int) -> bool:
        """Read once; False where nothing is left."""
        if descriptor not in self._open:
            return False
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if descriptor == self._streams.stdout:
            self._output += chunk
        else:
            self._errors += chunk
            del self._errors[:-_MOST_ERRORS]
        return bool(chunk)

    def _close(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        self._open.remove(descriptor)
        os.close(descriptor)
