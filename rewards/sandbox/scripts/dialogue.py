"""The streams of a running program: feed its input, take what it prints, notice its end.

All at once, since a program may print before it has read. It may also do neither, close what it
likes, or print without end: nothing here waits for one stream alone, and what is kept is bounded.
"""

import os
import select
import time
from dataclasses import dataclass

_CHUNK = 1 << 16
_MOST_ERRORS = 4096


@dataclass(frozen=True)
class Streams:
    """Our ends of a program's streams, as descriptors."""

    stdin: int
    stdout: int
    stderr: int

    @classmethod
    def opened(cls) -> tuple["Streams", tuple[int, int, int]]:
        """Open three pipes; returns our ends, and those that the program is to have."""
        reads, given = os.pipe()
        output, prints = os.pipe()
        errors, complains = os.pipe()
        return cls(given, output, errors), (reads, prints, complains)

    def close(self) -> None:
        """Close our ends, of a program that was never started."""
        self.close_all((self.stdin, self.stdout, self.stderr))

    @staticmethod
    def close_all(descriptors: tuple[int, int, int]) -> None:
        """Close either ends."""
        for descriptor in descriptors:
            os.close(descriptor)


@dataclass(frozen=True)
class Printed:
    """What a program wrote."""

    output: bytes
    errors: bytes
    """The end of its standard error."""
    too_much: bool
    """It printed more than was allowed, and may still be running."""
    late: bool
    """So may one that did not end in time."""

    @property
    def last_error(self) -> str:
        """The last line of its standard error, which says what went wrong."""
        return self.errors.decode(errors="replace").strip().rpartition("\n")[2]


class Dialogue:
    """One program's input and output; closes its descriptors in the end.

    Args:
        end: A descriptor that tells when the program's process is gone.
        event: The event of `poll` by which it tells; 0 where it hangs up.
        streams: Our ends.
        given: What the program can read.
        most: Bytes that it may print.
        deadline: By `time.monotonic`; None where somebody else ends a late program.

    """

    def __init__(
        self,
        end: int,
        event: int,
        streams: Streams,
        given: bytes,
        most: int,
        deadline: float | None = None,
    ) -> None:
        self._end, self._event = end, event
        self._deadline = deadline
        self._is_late = False
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
        return Printed(output, bytes(self._errors), self._is_flooded, self._is_late)

    @property
    def _is_flooded(self) -> bool:
        return len(self._output) > self._most

    def _start(self) -> None:
        self._poll.register(self._end, self._event)  # that one hangs up is always told
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
        self._poll.register(self._streams.stdout, select.POLLIN)
        self._poll.register(self._streams.stderr, select.POLLIN)
        self._poll.register(self._streams.stdin, select.POLLOUT)
        self._feed()

    def _listen(self) -> bool:
        """Do what can be done now; False once there is nothing more to wait for."""
        left_s = None if self._deadline is None else self._deadline - time.monotonic()
        self._is_late = left_s is not None and left_s <= 0
        if self._is_late:
            return False
        for descriptor, _ in self._poll.poll(None if left_s is None else 1000 * left_s + 1):
            if descriptor == self._end:
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
