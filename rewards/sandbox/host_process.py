"""A host as the supervisor sees it: a process, a channel, and the jobs that it was given."""

import math
import socket
import struct
import subprocess
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from rewards.sandbox import processes
from rewards.sandbox.packages import Packages
from rewards.sandbox.profile import LAYERS, Profile
from rewards.sandbox.verdict import Result

GRACE_S = 10.0
"""How long a host may be silent, past every deadline of its programs, before it counts as dead.
It covers the start of an interpreter on a loaded machine."""


@dataclass
class Ticket:
    """A job on its way. `frame` is what the host takes."""

    job_id: int
    frame: bytes
    timeout_s: float
    future: Future[Result]
    job: dict[str, Any]
    attempts: int = 0
    suspect: "Ticket | None" = None
    """The job that this one is the control of: the same tests, and a program that does nothing."""
    killed: dict[str, Any] | None = None
    """What it is worth if somebody kills the program every time."""
    accused: bool = False
    """The sandbox failed under it, and not under its control: one more time, and it is guilty."""
    due: float = 0.0
    alone: bool = False
    """It could not be judged in company: now it gets the machine."""


@dataclass
class HostProcess:
    """A running host process and what it was given."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    tickets: dict[int, Ticket] = field(default_factory=dict)
    is_ready: bool = False

    @classmethod
    def start(cls, memory_mb: int, profile: Profile, packages: Packages) -> "HostProcess":
        """Execute a fresh interpreter that sees nothing of this one."""
        ours, theirs = socket.socketpair()
        wait = struct.pack("ll", int(GRACE_S), 0)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, option, wait)
        with theirs:
            layers = ",".join(sorted(LAYERS[profile]))
            arguments = [str(theirs.fileno()), str(memory_mb << 20), layers, packages.as_text()]
            process = subprocess.Popen(
                processes.command("host", *arguments),
                env=processes.ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return cls(process, ours)

    @property
    def due(self) -> float:
        """The time of `time.monotonic` by which an answer must have come."""
        return min((ticket.due for ticket in self.tickets.values()), default=math.inf)

    def end(self) -> None:
        """Hang up; a host then kills its programs and leaves."""
        self.channel.shutdown(socket.SHUT_RDWR)
        self.channel.close()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process itself; the kernel ends what it has started."""
        self.channel.close()
        self.process.kill()
        self.process.wait()
