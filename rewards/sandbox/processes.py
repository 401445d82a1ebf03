"""What the sandbox asks of the kernel about processes: fork, end, and the time each one has had."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from whetstone.rewards.sandbox.isolation.libc import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_PDEATHSIG,
    libc,
    prctl,
)

_NAP_S = 0.002
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1 << 10
"""Bytes: what the kernel counts the peak of a process's memory in."""

# The packages stand in without their __init__: what those import is for callers, and every page
# that such a process holds makes every fork dearer.
_BOOT = """
import importlib, sys, types
root, module = sys.argv[1:3]
del sys.argv[1:3]
for name in ("whetstone", "whetstone.rewards", "whetstone.rewards.sandbox"):
    sys.modules[name] = package = types.ModuleType(name)
    package.__path__ = [root + name.removeprefix("whetstone").replace(".", "/")]
importlib.import_module("whetstone.rewards.sandbox." + module).main()
"""
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - a zygote has no pathlib


def command(module: str, *arguments: str) -> list[str]:
    """Return what runs `main` of a module of this package in a fresh interpreter.

    It runs without `site`, so it and the programs see the standard library and nothing else.
    """
    options = ["-s", "-S", "-P", "-X", "utf8", "-c", _BOOT]
    return [sys.executable, *options, _ROOT, module, *arguments]


_ONE_THREAD = ("MKL", "NUMEXPR", "OMP", "OPENBLAS", "VECLIB_MAXIMUM")
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LD_BIND_NOW": "1"}
ENVIRONMENT |= {f"{name}_NUM_THREADS": "1" for name in _ONE_THREAD}
"""All that such an interpreter is told. Which order a set of strings has, and so the verdict on a
program that depends on it, must not change from process to process. The linker finds the functions
of libraries at once, or each child would look up again those that it is the first to call. A
process that is to be forked may have one thread, so the libraries of packages must not start any.
"""


def fork() -> int:
    """Fork as C does, for a process with a single thread.

    `os.fork` also runs Python's own hooks in the child (it reseeds `random` and rebuilds the books
    of `threading`): half of what a fork costs, and of no use here.
    """
    pid: int = libc.fork()
    if pid < 0:
        raise OSError(ctypes.get_errno(), "cannot fork")
    return pid


def end_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send a signal to this process when the thread that made it ends."""
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that none escapes."""
    if sys.platform == "linux":
        prctl(PR_SET_CHILD_SUBREAPER, 1)


def kill_and_reap(pid: int) -> tuple[int, float, int]:
    """Kill a child; returns its wait status, its processor seconds and the most bytes it held."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT


def inherited_bytes() -> int:
    """Return how much of the memory of this process a child holds that does nothing."""
    if (pid := fork()) == 0:
        os._exit(0)
    return os.wait4(pid, 0)[2].ru_maxrss * _PEAK_UNIT


def reap_group(group: int) -> tuple[float, int]:
    """Take leave of what is left of a process group that was killed, if its parent is gone.

    Returns its processor seconds, and the most bytes that one of it held.
    """
    cpu_s, peak = 0.0, 0
    with contextlib.suppress(ChildProcessError):
        while True:
            *_, usage = os.wait4(-group, 0)
            cpu_s += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss * _PEAK_UNIT)
    return cpu_s, peak


def ends_unasked(pid: int, seconds: float) -> bool:
    """Whether a child ends by itself in this time; it stays a zombie, for its status."""
    deadline = time.monotonic() + seconds
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_NAP_S)
    return True


def reap_or_kill(pid: int, seconds: float) -> None:
    """Wait for a child that is about to end; kill it if it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(_NAP_S)
    kill_and_reap(pid)


def only_child(pid: int) -> int:
    """Return the one child of a process, as this process numbers it. Raises `OSError`."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def host_pid(parent: int, inner: int) -> int | None:
    """Find the child of `parent` that its own process-id namespace calls `inner`."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{child}/status").read_text().splitlines():
                if line.startswith("NSpid:") and int(line.split()[-1]) == inner:
                    return int(child)
    return None


def times_s(pid: int | str) -> tuple[float, float] | None:
    """Seconds that a process computed, and that it was ready to and had no core.

    None where nobody counts them.
    """
    descriptor = open_times(pid)
    times = read_times(descriptor)
    if descriptor >= 0:
        os.close(descriptor)
    return times


def open_times(pid: int | str) -> int:
    """Open what `read_times` reads; -1 where nobody counts."""
    try:  # not through pathlib: this is asked once a program
        return os.open(f"/proc/{pid}/schedstat", os.O_RDONLY)
    except OSError:
        return -1


def read_times(descriptor: int) -> tuple[float, float] | None:
    """Return what `times_s` does, of a process whose times are open."""
    try:
        ran_ns, waited_ns, _ = os.pread(descriptor, 100, 0).split()
    except OSError:
        return None
    return int(ran_ns) / 1e9, int(waited_ns) / 1e9


def family_times_s(pid: int) -> tuple[float, float] | None:
    """Return the sum of `times_s` over a process and its children."""
    family = [str(pid)]
    with contextlib.suppress(OSError):
        family += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [times for one in family if (times := times_s(one)) is not None]
    return (sum(ran for ran, _ in found), sum(waited for _, waited in found)) if found else None
