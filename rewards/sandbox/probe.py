"""Attacks each wall once, in a real child, before any program runs: a wall is there or nothing is.

Why: that a call returned no error does not mean that it does anything, least of all in containers,
emulated kernels and on machines that nobody has tried. Each attack has a positive control, so that
a child in which nothing works does not count as one in which every attack fails.
"""

import socket
import struct

from whetstone.rewards.sandbox.candidate import Candidate
from whetstone.rewards.sandbox.channel import DiedError, ViolationError
from whetstone.rewards.sandbox.isolation.namespaces import HOST_NAME
from whetstone.rewards.sandbox.orders import Orders
from whetstone.rewards.sandbox.profile import Layer
from whetstone.rewards.sandbox.remote import RefusedError
from whetstone.rewards.sandbox.zygote import LayerError

_TIMEOUT_S = 20.0

# Each function returns what went through, or an empty text.
_PROGRAM = f"""
import errno, os, resource, socket

def control():
    with open(os.__file__) as library:
        readable = bool(library.read(10))
    return readable and len(bytearray(1 << 20)) == 1 << 20 and os.getpid() > 0

def denied(number, attack):
    try:
        attack()
    except OSError as error:
        return "" if error.errno == number else f"it failed with {{error}}"
    return "it went through"

def seccomp():
    return denied(errno.EPERM, socket.socket) or denied(errno.EPERM, lambda: os.kill(1, 0))

def landlock():
    return denied(errno.EACCES, lambda: os.open("/", os.O_RDONLY))

def namespaces():
    if os.path.exists("/proc/self") or os.path.exists("/dev/null"):
        return "it sees /proc or /dev"
    if os.uname().nodename != {HOST_NAME!r} or os.getppid() != 1:
        return "it sees this machine's name or processes"
    return ""

def seatbelt():
    try:
        open("/etc/passwd")
    except PermissionError:
        return denied(errno.EPERM, lambda: socket.create_connection(("127.0.0.1", 9), 1))
    return "it read /etc/passwd"

def limits(memory_bytes):
    if resource.getrlimit(resource.RLIMIT_FSIZE)[1] != 0:
        return "it may write files"
    try:
        bytearray(memory_bytes)
    except MemoryError:
        return ""
    return f"it took {{memory_bytes}} bytes"
"""
_NAMES = ["control", *(layer.value for layer in Layer)]


def attack(orders: Orders, layers: frozenset[Layer], memory_bytes: int) -> None:
    """Try every wall of a profile. Raises `LayerError` for the first that does not hold."""
    with orders.start(_TIMEOUT_S) as channel:
        wait = struct.pack("ll", int(_TIMEOUT_S), 0)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        try:
            functions = Candidate(channel.fileno()).define(_PROGRAM, _NAMES)
            if functions["control"]() is not True:
                raise LayerError(Layer.LIMITS, "a harmless program does not run")
            for layer in Layer:
                if layer in layers:
                    arguments = [memory_bytes] if layer is Layer.LIMITS else []
                    if reason := functions[layer](*arguments):
                        raise LayerError(layer, f"attacked, it did not hold: {reason}")
        except (DiedError, ViolationError, RefusedError) as error:
            raise LayerError(Layer.LIMITS, f"a harmless program does not run: {error}") from None
        finally:
            orders.end()
