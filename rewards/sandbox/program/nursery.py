"""The parent of a program's processes: compiles the program once, and forks one for each input.

It never runs the program, and what it forks cannot reach it: no descriptor is shared, no signal may
be sent, no memory is common. Its source is a stranger's all the same, so it is compiled behind
walls: those of a program, but for the few calls that a fork needs (`isolation.syscalls.FORKING`).

On the channel it takes an order for each input, with the standard streams of its process, and tells
how that process ended. With the last one it becomes the process itself: no fork is needed for that,
and a program with one input costs no more than one process. Nor is any for a program that leaves no
traces: asked for that, it becomes one process for all inputs (`program.repeats`), and says so.
"""

import ctypes
import gc
import os
import socket
from collections.abc import Callable
from struct import Struct
from types import CodeType
from typing import NoReturn

from whetstone.rewards.sandbox import frames, processes
from whetstone.rewards.sandbox.child import CHANNEL
from whetstone.rewards.sandbox.isolation.libc import libc
from whetstone.rewards.sandbox.program import repeats, script, traces

FORK, BECOME = b"F", b"B"
"""What is asked for an input; the three streams come with it."""
REPEAT = b"R"
"""Asked first, and given back where the program will be run on all inputs here; else `FORK` is."""
CLOSED = Struct("@i4x4l112x")
"""What is told of a process that was forked: its wait status, and the kernel's `struct rusage` as
it stands, which begins with seconds and microseconds of the user's and of the system's time."""
BROKEN = 123
"""The status of one that could not go on, for no fault of the program: it was not running."""
MOST_FORKS = 200
"""Inputs of one such parent: the seconds that it has itself are those of one process."""

_USAGE_AT = 8
_ROOM = socket.CMSG_SPACE(3 * Struct("=i").size)


def serve(confine: Callable[[], None]) -> NoReturn:
    """Take the program, and run it on inputs until the tests hang up.

    `confine` puts on a process what a program wears and this one does not.
    """
    try:
        program = frames.receive_json(CHANNEL, frames.MAX_PROGRAM_BYTES)
        # All that a socket asks the kernel about itself is told here: it may not ask.
        orders = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, CHANNEL)
        code: CodeType | None = None
        told = ctypes.create_string_buffer(CLOSED.size)
        wait4, usage = libc.wait4, ctypes.byref(told, _USAGE_AT)
        while True:
            order = _next_order(orders)
            if order == REPEAT:
                _repeat(program, confine)
                continue
            if code is None:
                code = script.prepared(program)
                program = ""  # it would find in a frame below it what plain Python hides
                gc.freeze()  # what is here now is no business of a program's collector
            if order == BECOME:
                _become(code, confine)
            pid = processes.fork()
            if pid == 0:
                os.close(CHANNEL)
                _become(code, confine)
            # Not os.wait4, which builds an object of sixteen numbers.
            if wait4(pid, told, 0, usage) != pid:
                os._exit(BROKEN)
            os.write(CHANNEL, told)
    except MemoryError:
        os._exit(script.NO_MEMORY)
    finally:
        os._exit(BROKEN)


def _next_order(orders: socket.socket) -> bytes:
    """Take the streams of the next process; ends this one if nobody asks for any."""
    order, ancillary, _, _ = orders.recvmsg(1, _ROOM)
    if not order:
        os._exit(0)
    for level in ancillary:
        for number, stream in enumerate(memoryview(level[2]).cast("i").tolist()):
            os.dup2(stream, number)
            os.close(stream)
    return order


def _repeat(program: str, confine: Callable[[], None]) -> None:
    """Become the process of all inputs, if the program leaves no traces."""
    code = script.repeatable(program) if traces.leaves_none(program) else None
    if code is None:
        os.write(CHANNEL, FORK)
        return
    try:
        confine()
        gc.freeze()
        gc.enable()
        os.write(CHANNEL, REPEAT)
        repeats.serve(code)
    finally:
        os._exit(1)


def _become(code: CodeType, confine: Callable[[], None]) -> NoReturn:
    try:
        confine()
        gc.enable()
        script.run(code)
    finally:
        os._exit(1)
