"""The host: a fresh interpreter that owns one zygote and its testers, and watches the clock.

It is exec'd, never forked from the trainer: a fork copies the page tables of its parent, and those
of a process that holds a model are large. It runs without `site`, so it and the programs see the
standard library and nothing else. It passes jobs on unread, and refuses to wait for anybody: a
program that is late is killed, and so is a tester that does not say so soon.

Several programs run at once: one that only waits (`sleep`) costs no processor, so it may hold its
slot until its deadline while others work.
"""

import gc
import math
import os
import random
import select
import signal
import socket
import struct
import sys
import time
import warnings
from dataclasses import dataclass
from typing import Any

from whetstone.rewards.sandbox import frames, probe, processes, tester, zygote
from whetstone.rewards.sandbox.endings import death, silent, stopped
from whetstone.rewards.sandbox.orders import Orders
from whetstone.rewards.sandbox.package_imports import Imported, import_packages
from whetstone.rewards.sandbox.profile import Layer
from whetstone.rewards.sandbox.scripts.clock import Clock

HEADER = struct.Struct("=Qd")
"""What stands before the JSON of a job: its number and its timeout in seconds."""

MAX_WALL_TIMEOUTS = 10
MAX_WALL_EXTRA_S = 10.0
"""A program is stopped after this many timeouts and seconds of clock, however long it waited."""

PACKAGES = "packages"
"""What a host names as missing if a package cannot be imported."""

_MAX_JOB_BYTES = 1 << 30
_BUSY_SHARE = 0.9
"""A program that computed, with its tester, for so much of its timeout has had it."""

_LATE_S = 1.0
"""How long a tester may take to notice that its program was killed."""


@dataclass
class _Run:
    """A job that has not ended yet. Times are those of `time.monotonic`."""

    job_id: int
    timeout_s: float
    began: float
    started: float
    """What it runs now, which may be one input of many."""
    deadline: float
    tester_before_s: tuple[float, float]
    zygote_before_s: tuple[float, float]
    birth_waited_s: float | None = None
    """What the zygote waited for a core until there was a program."""
    stopped: bool = False
    starved: bool = False
    """The machine gave it less than its timeout: alone it may do better."""


@dataclass
class _Slot:
    """A tester, and the number by which the zygote knows it."""

    pid: int
    jobs: socket.socket
    number: int
    clock: Clock
    run: _Run | None = None


class _Host:
    def __init__(
        self,
        channel: socket.socket,
        control: socket.socket,
        zygote_pid: int,
        layers: frozenset[Layer],
        memory_bytes: int,
        packages: Imported,
    ) -> None:
        self._channel = channel
        self._packages = packages
        self._control = control
        self._layers = layers
        self._memory_bytes = memory_bytes
        self._slots: dict[int, _Slot] = {}  # by the descriptor of their jobs
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._poll.register(control, select.POLLIN)
        self._parent_of_programs = zygote_pid

    def serve(self) -> None:
        """Run jobs until the supervisor hangs up or the zygote dies."""
        if Layer.NAMESPACES in self._layers:
            self._parent_of_programs = processes.only_child(self._parent_of_programs)
        while True:
            for descriptor, _ in self._poll.poll(self._milliseconds_left()):
                if descriptor == self._control.fileno():
                    return  # the zygote says nothing unasked: it is gone
                if descriptor == self._channel.fileno():
                    frame = frames.receive(descriptor, _MAX_JOB_BYTES)
                    if frame is None:
                        return
                    self._start(frame)
                elif descriptor in self._slots:
                    self._finish(self._slots[descriptor])
            self._stop_overdue()

    def kill_all(self) -> None:
        """Leave no process behind."""
        for slot in self._slots.values():
            processes.kill_and_reap(slot.pid)

    def _start(self, frame: bytes) -> None:
        job_id, timeout_s = HEADER.unpack_from(frame)
        slot = next((slot for slot in self._slots.values() if slot.run is None), None)
        slot = slot or self._new_slot()
        tester_s = processes.times_s(slot.pid) or _NONE
        zygote_s = processes.times_s(self._parent_of_programs) or _NONE
        frames.send(slot.jobs.fileno(), frame[HEADER.size :])
        now = time.monotonic()  # what this process itself had to wait for is past
        slot.run = _Run(job_id, timeout_s, now, now, now + timeout_s, tester_s, zygote_s)

    def _new_slot(self) -> _Slot:
        """Fork a tester and tell the zygote about it."""
        number, line = attach(self._control)
        ours, theirs = socket.socketpair()
        clock = Clock()
        pid = processes.fork()
        if pid == 0:
            _keep_only(theirs.fileno(), line.fileno())
            tester.main(theirs, line, clock, self._layers, self._memory_bytes, self._packages)
        theirs.close()
        line.close()
        slot = _Slot(pid, ours, number, clock)
        self._slots[ours.fileno()] = slot
        self._poll.register(ours, select.POLLIN)
        return slot

    def _remove(self, slot: _Slot) -> int:
        """End a tester; the zygote sees it go and ends its program. Returns its wait status."""
        self._poll.unregister(slot.jobs)
        del self._slots[slot.jobs.fileno()]
        slot.jobs.close()
        slot.clock.close()
        status, *_ = processes.kill_and_reap(slot.pid)
        return status

    def _milliseconds_left(self) -> int | None:
        """Until the next deadline; None while nothing runs."""
        deadlines = [slot.run.deadline for slot in self._slots.values() if slot.run is not None]
        if not deadlines:
            return None
        return max(0, math.ceil(1000 * (min(deadlines) - time.monotonic())))

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        late = [s for s in self._slots.values() if s.run is not None and s.run.deadline <= now]
        for slot in late:
            run = slot.run
            if run is None:
                continue
            if run.stopped:
                passed = slot.clock.passed(run.began)
                self._remove(slot)
                self._reply(run, silent(passed))
                continue
            began, tester_s = slot.clock.since()
            if began > run.started:
                run.started, run.deadline = began, began + run.timeout_s
                run.tester_before_s, run.birth_waited_s = tester_s, 0.0
                continue
            left_s = self._seconds_left(slot, run, now)
            if left_s > 0:
                run.deadline = now + left_s
                continue
            run.stopped, run.deadline = True, now + _LATE_S
            self._control.send(zygote.ORDER.pack(zygote.KILL, slot.number, 0.0))

    def _seconds_left(self, slot: _Slot, run: _Run, now: float) -> float:
        """How long a program may go on: time that it waited for a busy core is given back.

        Otherwise verdicts would depend on the load of the machine. What it computed and what it
        slept counts, and so does the work of its tester; there is a bound on the clock. A run that
        meets it first, without having computed for its timeout, is `starved`; a sleeper never is.
        """
        wall_s = now - run.started
        bound_s = MAX_WALL_TIMEOUTS * run.timeout_s + MAX_WALL_EXTRA_S
        times_s = self._times_s(slot, run)
        if times_s is None:
            run.starved = True
            return 0.0
        ran_s, waited_s = times_s
        left_s = run.timeout_s - (wall_s - waited_s)
        if left_s > 0 and wall_s >= bound_s:
            run.starved = ran_s < _BUSY_SHARE * run.timeout_s
            return 0.0
        # A millisecond more, so that this is not asked in a circle.
        return min(left_s + 0.001, bound_s - wall_s) if left_s > 0 else 0.0

    def _times_s(self, slot: _Slot, run: _Run) -> tuple[float, float] | None:
        """Seconds that a run has computed, and waited for a core; None where nobody counts."""
        tester_s, zygote_s = map(processes.times_s, (slot.pid, self._parent_of_programs))
        if tester_s is None or zygote_s is None:
            return None
        self._control.send(zygote.ORDER.pack(zygote.ASK, slot.number, 0.0))
        (inner,) = zygote.ANSWER.unpack(self._control.recv(zygote.ANSWER.size))
        try:
            program = processes.host_pid(self._parent_of_programs, inner) if inner else None
        except OSError:
            return None
        if run.birth_waited_s is None or not program:
            run.birth_waited_s = zygote_s[1] - run.zygote_before_s[1]
        program_s = (processes.family_times_s(program) if program else None) or _NONE
        ran_s = tester_s[0] - run.tester_before_s[0] + program_s[0]
        waited_s = tester_s[1] - run.tester_before_s[1] + program_s[1] + run.birth_waited_s
        return ran_s, waited_s

    def _finish(self, slot: _Slot) -> None:
        """Take a tester's report, or its death."""
        run, slot.run = slot.run, None
        try:
            report = frames.receive_json(slot.jobs.fileno())
        except (OSError, EOFError, frames.FrameError):
            report = None
        if report is None:
            passed = slot.clock.passed(run.began) if run is not None else 0
            status = self._remove(slot)
            if run is not None:
                self._reply(run, silent(passed) if run.stopped else death(status, passed))
        elif run is not None:
            if report.pop("is_stained"):
                self._remove(slot)
            is_lost = report.pop("is_lost") and not run.stopped
            self._reply(run, None if is_lost else report)

    def _reply(self, run: _Run, report: dict[str, Any] | None) -> None:
        """Pass a report on; None says that the job was lost, through no fault of the program."""
        now = time.monotonic()
        if report is not None:
            last_cpu_s = report.pop("last_cpu_s", 0.0)
            settled = report.pop("if_stopped", {})
            if run.stopped:
                report = stopped(report, settled, now - run.started)
                run.starved &= last_cpu_s < _BUSY_SHARE * run.timeout_s
            report["wall_s"] = now - run.began
        message = {"job_id": run.job_id, "result": report, "starved": run.starved}
        frames.send_json(self._channel.fileno(), message)


_NONE = (0.0, 0.0)


def attach(control: socket.socket) -> tuple[int, socket.socket]:
    """Open a tester's line to the zygote; returns the zygote's number for it. Raises `OSError`."""
    ours, theirs = socket.socketpair()
    with theirs:
        order = zygote.ORDER.pack(zygote.ATTACH, 0, 0.0)
        socket.send_fds(control, [order], [theirs.fileno()])
    answer = control.recv(zygote.ANSWER.size)
    if len(answer) != zygote.ANSWER.size:
        raise OSError("the zygote is gone")
    return zygote.ANSWER.unpack(answer)[0], ours


def _keep_only(*descriptors: int) -> None:
    """Close all but these and the standard three, which are empty, in a fresh fork."""
    os.dup2(1, 2)
    start = 3
    for descriptor in sorted(descriptors):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def _start_zygote(layers: str, memory_bytes: int, packages: str) -> tuple[int, socket.socket]:
    """Execute a zygote. A fork of this process would hold what the host and the testers import."""
    ours, theirs = socket.socketpair()
    pid = processes.fork()
    if pid == 0:
        _keep_only(theirs.fileno())
        theirs.set_inheritable(True)
        arguments = [str(theirs.fileno()), str(memory_bytes), layers, packages]
        command = processes.command("zygote", *arguments)
        os.execve(sys.executable, command, processes.ENVIRONMENT)  # noqa: S606 - no shell is wanted
    theirs.close()
    return pid, ours


def main() -> None:
    """Serve on the descriptor of `sys.argv[1]`; bytes per program, layers, packages follow it."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    memory_bytes = int(sys.argv[2])
    names, packages = sys.argv[3:5]
    layers = frozenset(Layer(name) for name in names.split(","))
    del sys.argv[1:]
    processes.end_with_parent(signal.SIGTERM)
    processes.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    warnings.simplefilter("ignore")
    try:
        imported = import_packages(packages)
    except ImportError as error:
        frames.send_json(channel.fileno(), {"missing": PACKAGES, "reason": str(error)})
        return
    os.environ.clear()
    random.seed(0)
    gc.collect()
    gc.freeze()
    gc.disable()
    host = None
    zygote_pid, control = _start_zygote(names, memory_bytes, packages)
    try:
        zygote.await_ready(control)
        _, line = attach(control)
        with line:
            probe.attack(Orders(line), layers, memory_bytes + imported.taken_bytes)
        frames.send_json(channel.fileno(), {"missing": None})
        host = _Host(channel, control, zygote_pid, layers, memory_bytes, imported)
        host.serve()
    except zygote.LayerError as error:
        frames.send_json(channel.fileno(), {"missing": error.layer, "reason": error.reason})
    except OSError:
        # The zygote or the supervisor is gone. To leave is all there is to say: whoever still waits
        # sees it, and starts another host.
        return
    finally:
        if host is not None:
            host.kill_all()
        control.close()  # the zygote ends itself and all of its programs, and is then counted
        processes.reap_or_kill(zygote_pid, _LATE_S)
