"""Starts steps in worlds of their own, and reads how they ended: the near side of `jail`.

Refuses to guess: a step whose walls did not stand, or that was lost, is an error and no outcome.
"""

import contextlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import whetstone
from whetstone.rewards.sandbox.compiled.jail import DEVICES, PID, READY, REFUSED, STATUS
from whetstone.rewards.sandbox.profile import Layer, SandboxUnavailableError

_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from whetstone.rewards.sandbox.compiled.jail import main; main()"
)
_PACKAGES = str(Path(whetstone.__file__).resolve().parents[1])
_FILE_BYTES = 64 << 20
# Of the machine, what any compiler and its programs read and run.
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives", "/etc/ld.so.cache")


class JailError(Exception):
    """A wall could not be raised, or the step was lost."""


@dataclass(frozen=True)
class Step:
    """A command, and the world it gets."""

    command: Sequence[str]
    folder: str
    """The one folder that it may write to, and where it starts."""
    runnable: Sequence[str]
    """What it may read and run, besides `SYSTEM`."""
    cpu_s: float
    """Processor seconds of each of its processes; 0: without limit."""
    memory_bytes: int
    """Address space of each of its processes; 0: without limit."""
    devices: Sequence[str] = DEVICES
    file_bytes: int = _FILE_BYTES
    """Size of each file that it writes."""
    data_bytes: int = 0
    """Memory that each of its processes can write to, for programs that reserve far more addresses
    than they use; 0: without limit."""


@dataclass(frozen=True)
class Ended:
    """A finished step; `status` is None where the clock ended it."""

    status: int | None
    message: str
    """What it wrote to its output and errors."""
    cpu_s: float
    wall_s: float

    @property
    def signal(self) -> int:
        """The signal that ended the command, or 0."""
        return os.WTERMSIG(self.status) if self.status and os.WIFSIGNALED(self.status) else 0


class Running:
    """A step that has been started; `end` before it is let go."""

    def __init__(self, pid: int, handle: int, said: int) -> None:
        self.pid = pid
        self.handle = handle
        """A pidfd: `poll` tells of it when the step has ended."""
        self._said = said

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False when the time is up."""
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def kill(self) -> None:
        """End every process of the step; `end` has still to be called."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def end(self) -> tuple[int, float]:
        """End every process of the step. Returns the wait status and the processor seconds.

        Raises `JailError` where the step did not get as far as a command that ended by itself.
        """
        self.kill()
        self.wait(60)
        os.close(self.handle)
        with open(self._said, "rb") as pipe:  # noqa: PTH123 - a descriptor
            said = pipe.read()
        if said[:1] == REFUSED:
            raise JailError(said[1:].decode(errors="replace"))
        if said[:1] != READY or len(said) != 1 + STATUS.size:
            raise JailError(f"the step ended without a word ({said[1:200]!r})")
        status, cpu_s = STATUS.unpack(said[1:])
        return int(status), float(cpu_s)


class Jailer:
    """Starts steps, from any thread; a context manager. Its process starts with the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server, and with it every step."""
        with self._lock:
            if self._orders is not None and self._server is not None:
                self._orders.close()
                self._server.wait()
                self._orders = self._server = None

    def start(self, step: Step, stdin: int, stdout: int, stderr: int) -> Running:
        """Start a step with these descriptors as its streams. Raises `JailError`."""
        order = {
            "command": list(step.command),
            "folder": step.folder,
            "runnable": [*SYSTEM, *step.runnable],
            "devices": list(step.devices),
            "environment": {"PATH": "/usr/bin:/bin", "HOME": step.folder, "TMPDIR": step.folder}
            | {"LANG": "C.UTF-8"},
            "cpu_s": math.ceil(step.cpu_s),
            "memory_bytes": step.memory_bytes,
            "file_bytes": step.file_bytes,
            "data_bytes": step.data_bytes,
        }
        said, says = os.pipe()
        try:
            with self._lock:
                orders = self._serving()
                socket.send_fds(orders, [json.dumps(order).encode()], [says, stdin, stdout, stderr])
                reply, (handle,), _, _ = socket.recv_fds(orders, PID.size, 1)
        except (OSError, ValueError) as error:
            os.close(said)
            self.close()
            raise JailError(f"the process that starts steps is gone ({error})") from error
        finally:
            os.close(says)
        return Running(int(PID.unpack(reply)[0]), handle, said)

    def run(self, step: Step, patience_s: float, message_bytes: int) -> Ended:
        """Run a step to its end, which comes after `patience_s` seconds of the clock at the latest.

        Raises `JailError` where a wall does not stand, or the step is lost.
        """
        started = time.monotonic()
        with Path(step.folder, ".messages").open("wb+") as output, open_null() as null:
            running = self.start(step, null.fileno(), output.fileno(), output.fileno())
            late = not running.wait(patience_s)
            try:
                status, cpu_s = running.end()
            except JailError:
                if not late:
                    raise
                status, cpu_s = None, 0.0
            output.seek(0)
            message = output.read(message_bytes).decode(errors="replace")
        return Ended(None if late else status, message, cpu_s, time.monotonic() - started)

    def probe(self, folder: str) -> None:
        """Run steps that must fail and one that must not, so that the walls are known to stand.

        Raises `SandboxUnavailableError`.
        """
        attacks = ("/bin/cat", "/etc/passwd"), ("/bin/sh", "-c", "echo 1 > /tmp/compiled-probe")
        try:
            if self.run(Step(("/bin/true",), folder, (), 10.0, 0), 60.0, 1).status != 0:
                raise SandboxUnavailableError(Layer.LIMITS, "a harmless program does not run")
            for attack in attacks:
                if self.run(Step(attack, folder, (), 10.0, 0), 60.0, 1).status == 0:
                    raise SandboxUnavailableError(Layer.LANDLOCK, f"{attack} went through")
        except JailError as error:
            raise SandboxUnavailableError(Layer.NAMESPACES, str(error)) from error

    def _serving(self) -> socket.socket:
        if self._orders is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            number = theirs.fileno()
            command = [sys.executable, "-I", "-S", "-c", _START, _PACKAGES, str(number)]
            with theirs:
                self._server = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    pass_fds=[number],
                    start_new_session=True,
                    env={},
                )
            self._orders = ours
        return self._orders


def open_null() -> BinaryIO:
    """Open an input without content."""
    return Path(os.devnull).open("rb")
