"""Runs a program on one input after another in this process: one that leaves no traces.

What it reads and prints are frames on the channel, so no stream has to be opened for an input. The
process wears all that one wears which runs a program once, and what it tells is no more to be
trusted than what a program prints.
"""

import io
import os
import time
from collections.abc import Callable
from struct import Struct
from types import CodeType
from typing import Any, NoReturn, TextIO

from whetstone.rewards.sandbox import frames
from whetstone.rewards.sandbox.child import CHANNEL
from whetstone.rewards.sandbox.program import script

ASKED = Struct("=Q")
"""How many bytes a program may print; its input follows."""
TOLD = Struct("=BdQ")
"""Exit status, processor seconds, and the length of the output; that and its errors follow."""
MOST_ERRORS = 4096
"""Bytes of standard error: the end of it."""


def serve(code: CodeType) -> NoReturn:
    """Run the program on each input that comes, until the tests hang up."""
    try:
        while (asked := frames.receive(CHANNEL, frames.MAX_PROGRAM_BYTES)) is not None:
            (most,) = ASKED.unpack_from(asked)
            _run(code, asked[ASKED.size :], most)
        os._exit(0)
    except MemoryError:
        os._exit(script.NO_MEMORY)
    finally:
        os._exit(1)


def _run(code: CodeType, given: bytes, most: int) -> None:
    began_s = time.process_time()

    def tell(status: int) -> None:
        told = TOLD.pack(status, time.process_time() - began_s, len(output.written))
        frames.send(CHANNEL, told + output.written + errors.written[-MOST_ERRORS:])

    def end_flood() -> NoReturn:
        del output.written[most + 1 :]
        tell(0)
        os._exit(0)

    def forget() -> None:
        del errors.written[:-MOST_ERRORS]

    output, errors = _Written(most, end_flood), _Written(MOST_ERRORS, forget)
    status, last_words = script.repeat(code, _streams(_Given(given), output, errors))
    errors.write(last_words)
    tell(status)


def _streams(
    given: io.RawIOBase, output: io.RawIOBase, errors: io.RawIOBase
) -> tuple[TextIO, TextIO, TextIO]:
    """Open what `script` opens on the standard descriptors of a process."""
    return (
        io.TextIOWrapper(io.BufferedReader(given), encoding="utf-8"),
        io.TextIOWrapper(io.BufferedWriter(output), encoding="utf-8", newline="\n"),
        io.TextIOWrapper(
            io.BufferedWriter(errors),
            encoding="utf-8",
            errors="backslashreplace",
            newline="\n",
            line_buffering=True,
        ),
    )


class _Given(io.RawIOBase):
    """The standard input of one run. Like a pipe, it has no places to go back to."""

    name, mode = 0, "rb"

    def __init__(self, given: bytes) -> None:
        self._left = memoryview(given)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._left))
        room[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def readall(self) -> bytes:
        rest, self._left = bytes(self._left), self._left[:0]
        return rest


class _Written(io.RawIOBase):
    """What one run has printed. `on_more` is called where that is more than `most` bytes."""

    mode = "wb"

    def __init__(self, most: int, on_more: Callable[[], None]) -> None:
        self.written = bytearray()
        self._most, self._on_more = most, on_more

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self.written += chunk
        if len(self.written) > self._most:
            self._on_more()
        return len(chunk)
