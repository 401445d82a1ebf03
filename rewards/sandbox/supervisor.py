"""The thread that owns the hosts: hands out jobs, takes results, replaces a host that died.

One thread for all hosts, and it alone starts them: Linux ends a process whose parent *thread* has
ended, so a host started by a caller's thread would go with it. It refuses to wait forever: a host
that does not answer is killed like one that died, and its jobs are tried again on a fresh one
before they are given up as `INFRA_ERROR`. So are those for which no host can be started.
"""

import itertools
import math
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from whetstone.rewards.sandbox import frames, processes
from whetstone.rewards.sandbox.host import HEADER, MAX_WALL_EXTRA_S, MAX_WALL_TIMEOUTS, PACKAGES
from whetstone.rewards.sandbox.packages import Packages, PackagesUnavailableError
from whetstone.rewards.sandbox.profile import LAYERS, Layer, Profile, SandboxUnavailableError
from whetstone.rewards.sandbox.text import describe
from whetstone.rewards.sandbox.verdict import Result, Verdict

_T = TypeVar("_T")

_SLOTS = 4
"""Programs that one host runs at once. More than one, because some only wait for their end."""

_ATTEMPTS = 12
_ATTEMPTS_IN_COMPANY = 2
"""A job under which the sandbox failed so often runs alone: it can take no other with it, and meets
no failure that another one caused."""

_STARTS = 20
"""Hosts in a row that may die before they are ready, until that counts as an attempt of a job, or
that the machine may refuse to start, until the waiting jobs are given up."""

_PAUSE_S = 0.25
"""How long to wait after a refusal: descriptors, processes or memory may come free."""

_RUN_TIMEOUTS = 2
"""Timeouts that each further input of a program may take, on a machine that is busy."""
_GRACE_S = 10.0
"""How long a host may be silent, past every deadline of its programs, before it counts as dead.
It covers the start of an interpreter on a loaded machine."""


@dataclass
class _Ticket:
    """A job on its way. `frame` is what the host takes."""

    job_id: int
    frame: bytes
    patience_s: float
    """How long a host may take to answer."""
    future: Future[Result]
    attempts: int = 0
    due: float = 0.0
    alone: bool = False
    """It could not be judged in company: now it gets the machine."""


@dataclass
class _Host:
    """A running host process and what it was given."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    tickets: dict[int, _Ticket] = field(default_factory=dict)
    is_ready: bool = False

    @classmethod
    def start(cls, memory_mb: int, profile: Profile, packages: Packages) -> "_Host":
        """Execute a fresh interpreter that sees nothing of this one."""
        ours, theirs = socket.socketpair()
        wait = struct.pack("ll", int(_GRACE_S), 0)
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
            self.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.channel.close()
        self.process.kill()
        self.process.wait()


class Supervisor(threading.Thread):
    """Runs jobs on up to `workers` hosts, each started when the others are full.

    `profile` None takes the full one, or the one without namespaces where those are refused.
    Raises `OSError` if the machine refuses what it needs itself, however often it asks.
    """

    def __init__(
        self, workers: int, memory_mb: int, profile: Profile | None, packages: Packages
    ) -> None:
        super().__init__(name="sandbox-supervisor", daemon=True)
        self._workers = workers
        self._memory_mb = memory_mb
        self._packages = packages
        self._may_weaken = profile is None and sys.platform == "linux"
        default = Profile.FULL if sys.platform == "linux" else Profile.SEATBELT
        self._profile = profile or default
        self._refusal: RuntimeError | None = None
        self._lock = threading.Lock()
        self._stopping = False
        self._waiting: deque[_Ticket] = deque()
        self._hosts: list[_Host] = []
        self._failed_starts = 0
        self._next_start = 0.0
        self._ids = itertools.count()
        self._bell, self._button = _patiently(socket.socketpair)
        self._bell.setblocking(False)
        self._button.setblocking(False)
        self._selector = _patiently(selectors.DefaultSelector)
        self._selector.register(self._bell, selectors.EVENT_READ)

    @property
    def is_serving(self) -> bool:
        """Whether it still takes jobs. It has failed else, or this process is a fork of its own."""
        return self.is_alive() and not self._stopping

    def submit(self, job: dict[str, Any], timeout_s: float, runs: int = 1) -> Future[Result]:
        """Queue one program, with what the process of the tests has to know of it.

        It has `timeout_s` for each of its `runs`.

        Raises `RuntimeError` once the supervisor has stopped, and `SandboxUnavailableError` if the
        profile cannot be had here.
        """
        payload = frames.encode_json(job | {"timeout_s": timeout_s}).encode("ascii")
        future: Future[Result] = Future()
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            if self._stopping:
                raise RuntimeError("the sandbox is closed")
            job_id = next(self._ids)
            frame = HEADER.pack(job_id, timeout_s) + payload
            longest_s = MAX_WALL_TIMEOUTS * timeout_s + MAX_WALL_EXTRA_S
            patience_s = longest_s + (runs - 1) * _RUN_TIMEOUTS * timeout_s + _GRACE_S
            self._waiting.append(_Ticket(job_id, frame, patience_s, future))
            self._ring()
        return future

    def stop(self) -> None:
        """End the hosts; callers that still wait get a `RuntimeError`."""
        with self._lock:
            if not self._stopping:
                self._stopping = True
                self._ring()
        if threading.current_thread() is not self:  # the collector may close a sandbox from here
            self.join()

    def run(self) -> None:
        """Serve until stopped. Whatever ends this thread, no caller is left waiting."""
        try:
            while not self._stopping:
                self._hand_out()
                for key, _ in self._selector.select(self._seconds_to_due()):
                    if key.data is None:
                        self._bell.recv(4096)
                    else:
                        self._collect(key.data)
                for host in [host for host in self._hosts if host.due <= time.monotonic()]:
                    self._replace(host)
        finally:
            self._close()

    def _ring(self) -> None:
        try:
            self._button.send(b"!")
        except BlockingIOError:
            return  # it rings already

    def _hand_out(self) -> None:
        while self._waiting and (host := self._free_host(self._waiting[0])) is not None:
            ticket = self._waiting.popleft()
            ticket.attempts += 1
            host.tickets[ticket.job_id] = ticket
            ticket.due = time.monotonic() + ticket.patience_s
            try:
                frames.send(host.channel.fileno(), ticket.frame)
            except OSError:
                self._replace(host)

    def _free_host(self, ticket: _Ticket) -> _Host | None:
        """Return the least busy host, a new one if all are full, or None if no more may start.

        To start one costs as much as dozens of programs, and what one runs at once are processes
        of their own: a second one makes a few programs no faster.
        """
        running = [other for host in self._hosts for other in host.tickets.values()]
        if running and (ticket.alone or any(other.alone for other in running)):
            return None
        least = min(self._hosts, key=lambda host: len(host.tickets), default=None)
        if least is not None and len(least.tickets) < _SLOTS:
            return least
        return self._start_host() if len(self._hosts) < self._workers else None

    def _start_host(self) -> _Host | None:
        """Start a host; None if the machine refuses, or has done so a moment ago."""
        now = time.monotonic()
        if now < self._next_start:
            return None
        try:
            host = _Host.start(self._memory_mb, self._profile, self._packages)
        except (OSError, MemoryError) as error:
            self._next_start = now + _PAUSE_S
            self._failed_starts += not self._hosts  # else those that run will take the jobs
            if self._failed_starts >= _STARTS:
                self._failed_starts = 0
                while self._waiting:
                    self._waiting.popleft().future.set_result(cannot_start(error))
            return None
        self._hosts.append(host)
        self._selector.register(host.channel, selectors.EVENT_READ, host)
        return host

    def _seconds_to_due(self) -> float | None:
        now = time.monotonic()
        due = min((host.due for host in self._hosts), default=math.inf)
        if self._waiting and now < self._next_start:
            due = min(due, self._next_start)
        return None if due == math.inf else max(0.0, due - now)

    def _collect(self, host: _Host) -> None:
        try:
            reply = frames.receive_json(host.channel.fileno())
        except (OSError, EOFError, frames.FrameError):
            self._replace(host)
            return
        if "missing" not in reply:
            self._settle(host.tickets.pop(reply["job_id"]), reply)
        elif reply["missing"] is None:
            host.is_ready, self._failed_starts = True, 0
        elif reply["missing"] == PACKAGES:
            self._refuse(PackagesUnavailableError(reply["reason"]))
        else:
            self._weaken_or_refuse(host, Layer(reply["missing"]), reply["reason"])

    def _settle(self, ticket: _Ticket, reply: dict[str, Any]) -> None:
        if reply["result"] is None:
            self._retry(ticket)
        elif reply["starved"] and not ticket.alone:
            # The machine was too busy to judge it. In front: everybody else waits for it.
            ticket.alone = True
            self._waiting.appendleft(ticket)
        else:
            result = reply["result"] | {"verdict": Verdict(reply["result"]["verdict"])}
            ticket.future.set_result(Result(**result))

    def _weaken_or_refuse(self, host: _Host, layer: Layer, reason: str) -> None:
        error = SandboxUnavailableError(layer, reason)
        if layer is Layer.NAMESPACES and self._may_weaken:
            if self._profile is Profile.FULL:
                self._profile = Profile.NO_NAMESPACES
                warnings.warn(f"{error} It is taken, since no profile was named.", stacklevel=1)
            self._replace(host)
            return
        self._refuse(error)

    def _refuse(self, error: RuntimeError) -> None:
        with self._lock:
            self._refusal = error
            self._stopping = True

    def _replace(self, host: _Host) -> None:
        """Forget a host that died or hangs; the next job starts another."""
        self._selector.unregister(host.channel)
        self._hosts.remove(host)
        host.kill()
        self._failed_starts += not host.is_ready
        for ticket in host.tickets.values():
            if not host.is_ready and self._failed_starts < _STARTS:
                ticket.attempts -= 1  # nothing has run yet
            self._retry(ticket)

    def _retry(self, ticket: _Ticket) -> None:
        if ticket.attempts < _ATTEMPTS:
            ticket.alone |= ticket.attempts >= _ATTEMPTS_IN_COMPANY
            self._waiting.appendleft(ticket)
        else:
            detail = f"the sandbox failed under this program {_ATTEMPTS} times"
            ticket.future.set_result(Result(Verdict.INFRA_ERROR, detail, 0, 0, 0.0, 0.0))

    def _close(self) -> None:
        with self._lock:
            self._stopping = True
            self._bell.close()
            self._button.close()
        self._selector.close()
        for host in self._hosts:
            host.end()
        unfinished = [ticket for host in self._hosts for ticket in host.tickets.values()]
        closed = RuntimeError("the sandbox closed before this program ran")
        for ticket in [*unfinished, *self._waiting]:
            ticket.future.set_exception(self._refusal or closed)


def cannot_start(error: BaseException) -> Result:
    """Return what is known of a program for which the machine gave no process."""
    detail = f"the sandbox could not be started: {describe(error)}"
    return Result(Verdict.INFRA_ERROR, detail, 0, 0, 0.0, 0.0)


def _patiently(open_one: Callable[[], _T]) -> _T:
    """Ask for descriptors until there are some. Raises `OSError` after as many refusals."""
    for _ in range(_STARTS - 1):
        try:
            return open_one()
        except OSError:
            time.sleep(_PAUSE_S)
    return open_one()
