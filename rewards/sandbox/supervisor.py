"""The thread that owns the servers: hands out jobs, takes results, replaces a server that died.

One thread for all servers, and it alone starts them: Linux ends a process whose parent *thread* has
ended, so a server started by a caller's thread would go with it. It refuses to wait forever: a
server that does not answer is killed like one that died, and its jobs are tried once more before
they are given up as `INFRA_ERROR`.
"""

import itertools
import math
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rewards.sandbox import frames
from rewards.sandbox.verdict import Result, Verdict

_SLOTS = 4
"""Programs that one server runs at once. More than one, because some only wait for their end."""

_ATTEMPTS = 2
_GRACE_S = 10.0
"""How long a server may be silent, past every deadline of its programs, before it counts as dead.
It covers the start of an interpreter on a loaded machine."""

_BOOT = """
import sys
root = sys.argv.pop(1)
sys.path.insert(0, root)
from rewards.sandbox import server
sys.path.remove(root)
server.main()
"""


@dataclass
class _Ticket:
    """A job on its way. `message` is what the server's `_start` takes."""

    message: dict[str, Any]
    future: Future[Result]
    attempts: int = 0
    due: float = 0.0


@dataclass
class _Server:
    """A running server process and what it was given."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    tickets: dict[int, _Ticket] = field(default_factory=dict)

    @classmethod
    def start(cls, memory_mb: int) -> "_Server":
        """Execute a fresh interpreter that sees nothing of this one.

        Its only variable fixes string hashes: which order a set of strings has, and so the verdict
        on a program that depends on it, must not change from server to server.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            root = Path(__file__).parents[2]
            arguments = [str(root), str(theirs.fileno()), str(memory_mb << 20)]
            process = subprocess.Popen(
                [sys.executable, "-s", "-S", "-P", "-X", "utf8", "-c", _BOOT, *arguments],
                env={"PYTHONHASHSEED": "0"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        ours.settimeout(_GRACE_S)
        return cls(process, ours)

    @property
    def due(self) -> float:
        """The time of `time.monotonic` by which an answer must have come."""
        return min((ticket.due for ticket in self.tickets.values()), default=math.inf)

    def end(self) -> None:
        """Hang up; a server then kills its programs and leaves."""
        self.channel.shutdown(socket.SHUT_RDWR)
        self.channel.close()
        try:
            self.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.channel.close()
        self.process.kill()
        self.process.wait()


class Supervisor(threading.Thread):
    """Runs jobs on up to `workers` servers, each started when the others are busy."""

    def __init__(self, workers: int, memory_mb: int) -> None:
        super().__init__(name="sandbox-supervisor", daemon=True)
        self._workers = workers
        self._memory_mb = memory_mb
        self._lock = threading.Lock()
        self._stopping = False
        self._waiting: deque[_Ticket] = deque()
        self._servers: list[_Server] = []
        self._ids = itertools.count()
        self._bell = os.eventfd(0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)

    def submit(
        self, program: str, tests: str, timeout_s: float, entry_points: list[str]
    ) -> Future[Result]:
        """Queue one program. Raises `RuntimeError` once the supervisor has stopped."""
        future: Future[Result] = Future()
        with self._lock:
            if self._stopping:
                raise RuntimeError("the sandbox is closed")
            message = {
                "job_id": next(self._ids),
                "program": program,
                "tests": tests,
                "timeout_s": timeout_s,
                "entry_points": entry_points,
            }
            self._waiting.append(_Ticket(message, future))
            os.eventfd_write(self._bell, 1)
        return future

    def stop(self) -> None:
        """End the servers; callers that still wait get a `RuntimeError`."""
        with self._lock:
            if not self._stopping:
                self._stopping = True
                os.eventfd_write(self._bell, 1)
        if threading.current_thread() is not self:  # the collector may close a sandbox from here
            self.join()

    def run(self) -> None:
        """Serve until stopped. Whatever ends this thread, no caller is left waiting."""
        try:
            while not self._stopping:
                self._hand_out()
                for key, _ in self._selector.select(self._seconds_to_due()):
                    if key.data is None:
                        os.eventfd_read(self._bell)
                    else:
                        self._collect(key.data)
                for server in [s for s in self._servers if s.due <= time.monotonic()]:
                    self._replace(server)
        finally:
            self._close()

    def _hand_out(self) -> None:
        while self._waiting and (server := self._free_server()) is not None:
            ticket = self._waiting.popleft()
            ticket.attempts += 1
            server.tickets[ticket.message["job_id"]] = ticket
            # A server may grant a program its timeout twice.
            ticket.due = time.monotonic() + 2 * ticket.message["timeout_s"] + _GRACE_S
            try:
                frames.send(server.channel, ticket.message)
            except OSError:
                self._replace(server)

    def _free_server(self) -> _Server | None:
        """Return the least busy server, a new one if all are busy, or None if all are full."""
        least = min(self._servers, key=lambda server: len(server.tickets), default=None)
        if (least is None or least.tickets) and len(self._servers) < self._workers:
            least = _Server.start(self._memory_mb)
            self._servers.append(least)
            self._selector.register(least.channel, selectors.EVENT_READ, least)
        return least if least is not None and len(least.tickets) < _SLOTS else None

    def _seconds_to_due(self) -> float | None:
        due = min((server.due for server in self._servers), default=math.inf)
        return None if due == math.inf else max(0.0, due - time.monotonic())

    def _collect(self, server: _Server) -> None:
        try:
            reply = frames.receive(server.channel)
        except (OSError, ValueError):
            reply = None
        if reply is None:
            self._replace(server)
            return
        result = reply["result"] | {"verdict": Verdict(reply["result"]["verdict"])}
        server.tickets.pop(reply["job_id"]).future.set_result(Result(**result))

    def _replace(self, server: _Server) -> None:
        """Forget a server that died or hangs; the next job starts another."""
        self._selector.unregister(server.channel)
        self._servers.remove(server)
        server.kill()
        for ticket in server.tickets.values():
            if ticket.attempts < _ATTEMPTS:
                self._waiting.appendleft(ticket)
            else:
                detail = f"the server died under this program {_ATTEMPTS} times"
                ticket.future.set_result(Result(Verdict.INFRA_ERROR, detail, 0, 0, 0.0, 0.0))

    def _close(self) -> None:
        with self._lock:
            self._stopping = True
            os.close(self._bell)
        self._selector.close()
        for server in self._servers:
            server.end()
        unfinished = [ticket for server in self._servers for ticket in server.tickets.values()]
        for ticket in [*unfinished, *self._waiting]:
            ticket.future.set_exception(RuntimeError("the sandbox closed before this program ran"))
