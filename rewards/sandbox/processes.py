"""What the sandbox asks of the Linux kernel about processes: fork, end, find what was left."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

# The names of the prctl manual page.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# PyDLL keeps the interpreter's lock, which the child of a fork must hold.
_libc = ctypes.PyDLL(None, use_errno=True)


def fork() -> int:
    """Fork as C does, for a process with a single thread.

    `os.fork` also runs Python's own hooks in the child (it reseeds `random` and rebuilds the books
    of `threading`): half of what a fork costs, and of no use here.
    """
    pid: int = _libc.fork()
    if pid < 0:
        raise OSError(ctypes.get_errno(), "cannot fork")
    return pid


def end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send a signal to this process when the thread that made it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none escapes."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_and_reap(pid: int) -> tuple[int, float]:
    """Kill a child and its process group; returns its wait status and its processor seconds."""
    with contextlib.suppress(ProcessLookupError):  # it may not have made its group yet
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return status, usage.ru_utime + usage.ru_stime


def kill_strays(keep: set[int]) -> None:
    """Kill every child but those to keep: what programs left outside their process groups."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while strays := {int(pid) for pid in children.read_text().split()} - keep:
        for pid in strays:
            kill_and_reap(pid)


def run_queue_s(pid: int) -> float:
    """Seconds that a process was ready to run and had no core; 0.0 where Linux does not count."""
    try:
        _, waited_ns, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    except FileNotFoundError:
        return 0.0
    return int(waited_ns) / 1e9
