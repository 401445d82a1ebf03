"""The zygote: a small process that forks one confined child per program.

Executed afresh, so neither it nor a child ever held a test. It is single-threaded, so that a fork
is safe, and has imported what programs import, so that a fork is nearly all that a program costs;
and nothing else, not even `dataclasses`, since every page and library is copied with every program.
What can be confined once is confined here (namespaces, root, capabilities, no_new_privs), and per
child only what cannot: Landlock, limits, seccomp.

It reads fixed-size orders from the host and the testers, never anything that a program wrote.
"""

import contextlib
import fcntl
import gc
import importlib
import os
import random
import select
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable
from types import CodeType
from typing import NoReturn, TypeVar

from whetstone.rewards.sandbox import processes
from whetstone.rewards.sandbox.child import CHANNEL, Child, rehearse
from whetstone.rewards.sandbox.confinement import Confinement, Filters
from whetstone.rewards.sandbox.isolation import landlock, limits, namespaces
from whetstone.rewards.sandbox.isolation.interpreter import hidden_paths, readable_paths
from whetstone.rewards.sandbox.isolation.libc import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, prctl
from whetstone.rewards.sandbox.package_imports import Imported, import_packages
from whetstone.rewards.sandbox.profile import Layer
from whetstone.rewards.sandbox.program import nursery, script
from whetstone.rewards.sandbox.tier import Tier
from whetstone.rewards.sandbox.together import load

_T = TypeVar("_T")

# An order is a letter, a number (a slot, megabytes, or what is said of it) and seconds; it may
# carry descriptors.
ORDER = struct.Struct("=cId")
ATTACH, ASK, KILL, START, BESIDE, NURSE, END = b"A", b"Q", b"X", b"J", b"T", b"N", b"K"
ANSWER = struct.Struct("=I")
ENDED = struct.Struct("=i?dQ")
"""What follows `END`: wait status of the child, whether it lived until now, processor seconds, and
bytes that it held beyond what every child does."""

_DYING_S = 0.05
"""How long a child that has hung up may take to die before it counts as alive."""

_FIRST_OWN = 10

# What short programs import, beyond what is here already: once, not once in each of them. Rare ones
# are left out (`hashlib`, `decimal`, `statistics`): a library more costs every fork 10 us.
_WARM_MODULES = [
    "bisect",
    "collections",
    "copy",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "random",
    "re",
    "string",
    "typing",
]

_ROOM = socket.CMSG_SPACE(struct.calcsize("=i"))
"""For the channel of a child."""

# What a refusal starts with, before the layer and the reason.
_READY, _REFUSED = b"R", b"F"


class LayerError(Exception):
    """A wall could not be raised."""

    def __init__(self, layer: Layer, reason: str) -> None:
        super().__init__(layer, reason)
        self.layer = layer
        self.reason = reason


class _Slot:
    def __init__(self, orders: socket.socket) -> None:
        self.orders = orders
        self.pid = 0
        self.has_group = False
        """Whether the child may have processes, which end with it."""

    def kill(self) -> None:
        """Kill the child, and its group."""
        if self.has_group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        os.kill(self.pid, signal.SIGKILL)


class _Zygote:
    def __init__(
        self, control: socket.socket, confinement: Confinement, code: dict[str, CodeType]
    ) -> None:
        self._control = control
        self._confinement = confinement
        self._code = code
        self._together: Callable[[], NoReturn] | None = None
        """What a child becomes whose tests run beside it, made with the first of them."""
        self._slots: dict[int, _Slot] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._child = Child()
        """What each child becomes, made once."""
        signal.signal(signal.SIGVTALRM, self._child.watch)
        self._inherited = processes.inherited_bytes()

    def serve(self) -> NoReturn:
        """Obey until the host hangs up."""
        by_descriptor = self._slots
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._control.fileno():
                    self._obey_host(*_receive(self._control))
                elif descriptor in by_descriptor:
                    self._obey_tester(by_descriptor[descriptor])

    def _obey_host(self, order: bytes, number: int, _: float, descriptors: list[int]) -> None:
        if order == ATTACH and descriptors:
            [descriptor] = descriptors
            orders = socket.socket(fileno=descriptor)
            # The number by which the host knows a slot is the one of its descriptor here.
            self._slots[descriptor] = _Slot(orders)
            self._poll.register(orders, select.POLLIN)
            self._control.send(ANSWER.pack(descriptor))
        elif order == ASK:
            slot = self._slots.get(number)
            self._control.send(ANSWER.pack(slot.pid if slot else 0))
        elif order == KILL:
            slot = self._slots.get(number)
            if slot and slot.pid:
                slot.kill()
        else:
            self._leave()

    def _obey_tester(self, slot: _Slot) -> None:
        order, number, timeout_s, descriptors = _receive(slot.orders)
        if descriptors:
            self._start(slot, order, number, timeout_s, descriptors[0])
        elif order == END:
            lived = not (number and self._ends_unasked(slot))
            status, cpu_s, peak = self._end(slot)
            own = max(0, peak - self._inherited)
            slot.orders.send(ENDED.pack(status, lived, cpu_s, own))
        else:  # the tester is gone
            self._end(slot)
            self._poll.unregister(slot.orders)
            del self._slots[slot.orders.fileno()]
            slot.orders.close()

    def _start(
        self, slot: _Slot, order: bytes, memory_mb: int, seconds: float, channel: int
    ) -> None:
        confinement, become = self._confinement, self._child.serve
        if order == BESIDE:
            become = self._served_together()
        slot.has_group = order == NURSE or confinement.may_fork
        slot.pid = processes.fork()
        if slot.pid:
            os.close(channel)
            return
        try:
            if slot.has_group:
                os.setsid()
            os.dup2(channel, CHANNEL)
            if order == NURSE:
                confinement.put_on_nursery(seconds, memory_mb)
                nursery.serve(confinement.put_on_forked)
            if order == BESIDE:
                for handled in (signal.SIGVTALRM, signal.SIGINT):
                    signal.signal(handled, signal.SIG_DFL)
            confinement.put_on(seconds, Tier.TOGETHER if order == BESIDE else Tier.APART)
            gc.enable()
            become()
        finally:
            os._exit(1)

    def _served_together(self) -> Callable[[], NoReturn]:
        if self._together is None:
            self._together = load.load(self._code)
            gc.freeze()
            self._inherited = processes.inherited_bytes()
        return self._together

    def _ends_unasked(self, slot: _Slot) -> bool:
        """Whether a child that has hung up dies of what neither we nor the program can have done.

        A program that is not kept from sending signals may have killed itself.
        """
        ended = bool(slot.pid and processes.ends_unasked(slot.pid, _DYING_S))
        return ended and not self._confinement.may_fork

    def _end(self, slot: _Slot) -> tuple[int, float, int]:
        if not slot.pid:
            return 0, 0.0, 0
        slot.kill()
        pid, slot.pid = slot.pid, 0
        status, cpu_s, peak = processes.kill_and_reap(pid)
        if slot.has_group:
            more_s, other_peak = processes.reap_group(pid)
            cpu_s, peak = cpu_s + more_s, max(peak, other_peak)
        return status, cpu_s, peak

    def _leave(self) -> NoReturn:
        for slot in self._slots.values():
            self._end(slot)
        os._exit(0)


def _receive(orders: socket.socket) -> tuple[bytes, int, float, list[int]]:
    """Take one order; an empty letter if the other side hung up."""
    try:
        # Not recv_fds: each Python function on the way costs a fork's pages.
        data, ancillary, _, _ = orders.recvmsg(ORDER.size, _ROOM)
    except OSError:
        return b"", 0, 0.0, []
    if len(data) != ORDER.size:
        return b"", 0, 0.0, []
    letter, number, seconds = ORDER.unpack(data)
    descriptors = memoryview(ancillary[0][2]).cast("i").tolist() if ancillary else []
    return letter, number, seconds, descriptors


def main() -> NoReturn:
    """Confine this process, say so or why not, and serve on the descriptor of `sys.argv[1]`.

    Bytes per program, layers and packages follow it.
    """
    try:
        control = _reserve_channel(socket.socket(fileno=int(sys.argv[1])))
        memory_bytes = int(sys.argv[2])
        layers = frozenset(Layer(name) for name in sys.argv[3].split(","))
        packages = import_packages(sys.argv[4])
        del sys.argv[1:]
        os.environ.clear()
        for name in _WARM_MODULES:
            importlib.import_module(name)
        warnings.simplefilter("ignore")
        code = load.compiled()
        try:
            confinement = _confine(control, layers, memory_bytes, packages)
        except LayerError as error:
            control.send(_REFUSED + f"{error.layer}\n{error.reason}".encode())
            os._exit(1)
        rehearse()
        script.rehearse()
        control.send(_READY)
        random.seed(0)  # a program that draws gets the same numbers, and verdict, on every run
        gc.collect()
        gc.freeze()
        del gc.get_objects, gc.get_referrers  # a program would find what answers for it
        gc.disable()  # a collection would touch, and so copy, the pages shared with the children
        _Zygote(control, confinement, code).serve()
    finally:
        os._exit(1)


def _reserve_channel(control: socket.socket) -> socket.socket:
    """Keep the number of a child's channel free of anything that it needs until then."""
    moved = socket.socket(fileno=fcntl.fcntl(control.detach(), fcntl.F_DUPFD, _FIRST_OWN))
    os.dup2(0, CHANNEL)
    return moved


def await_ready(control: socket.socket) -> None:
    """Wait in the host until a zygote stands. Raises `LayerError` or `OSError`."""
    message = control.recv(4096)
    if message[:1] == _REFUSED:
        layer, _, reason = message[1:].decode().partition("\n")
        raise LayerError(Layer(layer), reason)
    if message != _READY:
        raise OSError("the zygote died while it started")


def _confine(
    control: socket.socket, layers: frozenset[Layer], memory_bytes: int, packages: Imported
) -> Confinement:
    readable, hidden = [*readable_paths(), *packages.readable], hidden_paths()
    if Layer.NAMESPACES in layers:
        _raise_wall(Layer.NAMESPACES, lambda: namespaces.enter(readable, hidden))
        # Only a child is inside the new process-id namespace. It is its init: when it ends, the
        # kernel ends all of its programs.
        if inner := processes.fork():
            control.close()
            processes.end_with_parent()
            os.waitpid(inner, 0)
            os._exit(0)
    if sys.platform == "linux":
        prctl(PR_SET_DUMPABLE, 0)  # no child may trace it or read its memory
        _raise_wall(Layer.SECCOMP, lambda: prctl(PR_SET_NO_NEW_PRIVS, 1))
        _raise_wall(Layer.NAMESPACES, namespaces.drop_capabilities)
    # After the credentials have changed, which makes the kernel forget it.
    processes.end_with_parent()
    processes.adopt_orphans()  # of a child that is killed before those that it forked
    os.chdir("/")
    rules = None
    if Layer.LANDLOCK in layers:
        rules = _raise_wall(Layer.LANDLOCK, lambda: landlock.ruleset(readable))
    filters = _raise_wall(Layer.SECCOMP, Filters) if Layer.SECCOMP in layers else None
    _raise_wall(Layer.LIMITS, lambda: limits.limit_zygote(memory_bytes + packages.taken_bytes))
    return Confinement(rules, filters, layers)


def _raise_wall(layer: Layer, step: Callable[[], _T]) -> _T:
    try:
        return step()
    except (OSError, ValueError) as error:
        raise LayerError(layer, str(error)) from error
