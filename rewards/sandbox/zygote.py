"""The zygote: a small process that forks one confined child per program.

Forked from the host before any test has reached it, so neither it nor a child ever held one. It is
single-threaded, so that a fork is safe, and has imported what programs import, so that a fork is
nearly all that a program costs. What can be confined once is confined here (namespaces, root,
capabilities, no_new_privs), and per child only what cannot: Landlock, limits, seccomp.

It reads fixed-size orders from the host and the testers, never anything that a program wrote.
"""

import contextlib
import fcntl
import gc
import os
import random
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from rewards.sandbox import processes
from rewards.sandbox.child import CHANNEL, Child, rehearse
from rewards.sandbox.isolation import landlock, limits, namespaces, seatbelt
from rewards.sandbox.isolation.interpreter import hidden_paths, readable_paths
from rewards.sandbox.isolation.libc import PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, prctl
from rewards.sandbox.isolation.seccomp import Filter
from rewards.sandbox.profile import Layer

_T = TypeVar("_T")

# An order is a letter, a slot and a number of seconds; it may carry one descriptor.
ORDER = struct.Struct("=cId")
ATTACH, ASK, KILL, START, END = b"A", b"Q", b"X", b"J", b"K"
ANSWER = struct.Struct("=I")
ENDED = struct.Struct("=id")
"""What follows `END`: the wait status of the child and its processor seconds."""

_FIRST_OWN = 10

# What a refusal starts with, before the layer and the reason.
_READY, _REFUSED = b"R", b"F"


class LayerError(Exception):
    """A wall could not be raised."""

    def __init__(self, layer: Layer, reason: str) -> None:
        super().__init__(layer, reason)
        self.layer = layer
        self.reason = reason


@dataclass
class Confinement:
    """What every child still has to put on, made ready beforehand."""

    rules: int | None
    filter: Filter | None
    seatbelt: bool

    def put_on(self, timeout_s: float) -> None:
        """Confine this child for good. The order matters: seccomp forbids the others."""
        processes.end_with_parent()
        if self.rules is not None:
            landlock.restrict(self.rules)
        os.closerange(CHANNEL + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        limits.limit_child(timeout_s)
        if self.seatbelt:
            seatbelt.apply(readable_paths())
        if self.filter is not None:
            self.filter.load()


@dataclass
class _Slot:
    orders: socket.socket
    pid: int = 0


class _Zygote:
    def __init__(self, control: socket.socket, confinement: Confinement) -> None:
        self._control = control
        self._confinement = confinement
        self._slots: dict[int, _Slot] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> NoReturn:
        """Obey until the host hangs up."""
        by_descriptor = self._slots
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._control.fileno():
                    self._obey_host(*_receive(self._control))
                elif descriptor in by_descriptor:
                    self._obey_tester(by_descriptor[descriptor])

    def _obey_host(self, order: bytes, number: int, _: float, descriptor: int | None) -> None:
        if order == ATTACH and descriptor is not None:
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
                os.kill(slot.pid, signal.SIGKILL)
        else:
            self._leave()

    def _obey_tester(self, slot: _Slot) -> None:
        order, _, timeout_s, channel = _receive(slot.orders)
        if order == START and channel is not None:
            slot.pid = processes.fork()
            if slot.pid == 0:
                _become_child(channel, self._confinement, timeout_s)
            os.close(channel)
        elif order == END:
            status, cpu_s = self._end(slot)
            slot.orders.send(ENDED.pack(status, cpu_s))
        else:  # the tester is gone
            self._end(slot)
            self._poll.unregister(slot.orders)
            del self._slots[slot.orders.fileno()]
            slot.orders.close()

    def _end(self, slot: _Slot) -> tuple[int, float]:
        if not slot.pid:
            return 0, 0.0
        pid, slot.pid = slot.pid, 0
        if self._confinement.filter is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        return processes.kill_and_reap(pid)

    def _leave(self) -> NoReturn:
        for slot in self._slots.values():
            self._end(slot)
        os._exit(0)


def _receive(orders: socket.socket) -> tuple[bytes, int, float, int | None]:
    """Take one order; an empty letter if the other side hung up."""
    try:
        data, descriptors, _, _ = socket.recv_fds(orders, ORDER.size, 1)
    except OSError:
        return b"", 0, 0.0, None
    if len(data) != ORDER.size:
        return b"", 0, 0.0, None
    letter, number, seconds = ORDER.unpack(data)
    return letter, number, seconds, descriptors[0] if descriptors else None


def _become_child(channel: int, confinement: Confinement, timeout_s: float) -> NoReturn:
    try:
        if confinement.filter is None:
            os.setsid()  # one process group per program, so that one signal ends most of it
        if channel != CHANNEL:
            os.dup2(channel, CHANNEL)
        confinement.put_on(timeout_s)
        gc.enable()
        Child().serve()
    finally:
        os._exit(1)


def main(control: socket.socket, layers: frozenset[Layer], memory_bytes: int) -> NoReturn:
    """Confine this process, say so or why not, and serve. Runs in a fork of the host."""
    try:
        control = _reserve_channel(control)
        try:
            confinement = _confine(control, layers, memory_bytes)
        except LayerError as error:
            control.send(_REFUSED + f"{error.layer}\n{error.reason}".encode())
            os._exit(1)
        rehearse()
        control.send(_READY)
        random.seed(0)  # a program that draws gets the same numbers, and verdict, on every run
        gc.collect()
        gc.freeze()
        gc.disable()  # a collection would touch, and so copy, the pages shared with the children
        _Zygote(control, confinement).serve()
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


def _confine(control: socket.socket, layers: frozenset[Layer], memory_bytes: int) -> Confinement:
    readable, hidden = readable_paths(), hidden_paths()
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
    os.chdir("/")
    rules = None
    if Layer.LANDLOCK in layers:
        rules = _raise_wall(Layer.LANDLOCK, lambda: landlock.ruleset(readable))
    system_calls = None
    if Layer.SECCOMP in layers:
        system_calls = _raise_wall(Layer.SECCOMP, Filter)
    _raise_wall(Layer.LIMITS, lambda: limits.limit_zygote(memory_bytes))
    return Confinement(rules, system_calls, Layer.SEATBELT in layers)


def _raise_wall(layer: Layer, step: Callable[[], _T]) -> _T:
    try:
        return step()
    except (OSError, ValueError) as error:
        raise LayerError(layer, str(error)) from error
