"""Steps in a world of their own: each is confined, runs a command, says how it ended.

A server, because starting an interpreter costs more than most compilers do: it forks for each
order that comes over its socket, and ends at the end of the socket, and every step with it. An
order is JSON, with descriptors: a pipe to speak on, and the command's input, output and errors. On
the pipe a step says `R` once every wall stands, or `F` and the reason; then the command's wait
status and its processor seconds. Its first child is the init of a new process-id namespace: when
that ends, the kernel ends every process of the step.
"""

import json
import os
import resource
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

from whetstone.rewards.sandbox import processes
from whetstone.rewards.sandbox.isolation import landlock, limits, namespaces
from whetstone.rewards.sandbox.isolation.libc import PR_SET_NO_NEW_PRIVS, prctl

READY, REFUSED = b"R", b"F"
STATUS = struct.Struct("=id")
PID = struct.Struct("=i")
MOST_ORDER_BYTES = 1 << 16
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_DESCRIPTORS, _PROCESSES = 256, 128


def main() -> NoReturn:
    """Serve orders until nobody can send one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps; whoever cares holds a pidfd
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        while True:
            message, descriptors, _, _ = socket.recv_fds(orders, MOST_ORDER_BYTES, 4)
            if not message:
                os._exit(0)
            gate, key = os.pipe()
            jail = processes.fork()
            if jail == 0:
                orders.close()
                os.close(key)
                if not os.read(gate, 1):  # the server is gone
                    os._exit(0)
                os.close(gate)
                _jail(json.loads(message), descriptors)
            handle = os.pidfd_open(jail)  # of one that is over there is none: it waits
            os.write(key, b"1")
            socket.send_fds(orders, [PID.pack(jail)], [handle])
            for descriptor in (handle, gate, key, *descriptors):
                os.close(descriptor)


def _jail(order: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Do one step: leave this machine, and wait for the world's end."""
    pipe, *streams = descriptors
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        processes.end_with_parent()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        namespaces.separate(mounts=False)
        if processes.fork() == 0:
            _init(order, pipe)
        os.close(pipe)
        os.wait()
    except OSError as error:
        os.write(pipe, REFUSED + str(error).encode())
    finally:
        os._exit(0)


def _init(order: dict[str, Any], pipe: int) -> NoReturn:
    """Be the namespace's first process: start the command, outlive it, and take all along."""
    try:
        processes.end_with_parent()
        command = processes.fork()
        if command == 0:
            _command(order, pipe)
        while True:
            pid, status, usage = os.wait3(0)
            if pid == command:
                os.write(pipe, STATUS.pack(status, usage.ru_utime + usage.ru_stime))
                break
    finally:
        os._exit(0)


def _command(order: dict[str, Any], pipe: int) -> NoReturn:
    try:
        os.setsid()
        os.set_inheritable(pipe, False)
        _limit(order)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        namespaces.drop_capabilities()
        writable = [order["folder"], *order["devices"]]
        rules = landlock.ruleset((), order["runnable"], writable)
        os.chdir(order["folder"])
        landlock.restrict(rules)
        os.write(pipe, READY)
        os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606
    except OSError as error:
        os.write(pipe, REFUSED + str(error).encode())
    finally:
        os._exit(1)


def _limit(order: dict[str, Any]) -> None:
    if cpu_s := order["cpu_s"]:
        limits.limit(resource.RLIMIT_CPU, cpu_s, hard=cpu_s + 1)
    limits.limit(resource.RLIMIT_FSIZE, order["file_bytes"])
    limits.limit(resource.RLIMIT_CORE, 0)
    limits.limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
    limits.limit(resource.RLIMIT_NPROC, _PROCESSES)
    limits.limit(resource.RLIMIT_MEMLOCK, 0)
    if memory_bytes := order["memory_bytes"]:
        limits.limit(resource.RLIMIT_AS, memory_bytes)
    if data_bytes := order["data_bytes"]:
        limits.limit(resource.RLIMIT_DATA, data_bytes)
