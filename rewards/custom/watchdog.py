"""Ends a run whose reward function, written by its user, does not come back.

A process of its own watches the clock, because the hung one may hold the interpreter's lock (a
regular expression that backtracks for ever does), so that no thread and no signal handler of Python
runs. It says which reward hangs, and sends SIGQUIT. What answers is C: faulthandler shows the
function that hangs, then `_exit` ends the process. A signal handler is given the signal's number,
and that of SIGQUIT is 3: the exit code of a run that the same command continues.
"""

import ctypes
import faulthandler
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_BUSY, _IDLE = b"1", b"0"
_TICK_S = 5.0
_STDERR = 2
_SHOW_CURSOR = "\x1b[?25h\n"
"""A live line hides it, and will not end."""


class Watchdog:
    """Watches one call after another; nothing is started before the first of them.

    Args:
        seconds: How long a call may take.
        message: What the user is told when one takes longer.

    """

    def __init__(self, seconds: float, message: str) -> None:
        self._seconds = seconds
        self._message = message
        self._process: subprocess.Popen[bytes] | None = None
        self._handler: int | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """End this process, with exit code 3, if what is done within takes too long."""
        self._tell(_BUSY)
        try:
            yield
        finally:
            self._tell(_IDLE)

    def close(self) -> None:
        """End the watching process; SIGQUIT means again what it meant before."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._process = None
        faulthandler.unregister(signal.SIGQUIT)
        _set_handler(self._handler)

    def _tell(self, state: bytes) -> None:
        if self._process is None:
            self._process = self._start()
        if self._process.stdin is not None:
            os.write(self._process.stdin.fileno(), state)

    def _start(self) -> subprocess.Popen[bytes]:
        leave = ctypes.CDLL(None)["_exit"]
        self._handler = _set_handler(ctypes.cast(leave, ctypes.c_void_p).value)
        faulthandler.register(signal.SIGQUIT, file=_STDERR, all_threads=False, chain=True)
        return subprocess.Popen(
            [sys.executable, "-IS", __file__, str(self._seconds), str(os.getpid()), self._message],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the run, which then hangs up
        )


def _set_handler(handler: int | None) -> int | None:
    """Give SIGQUIT a handler of C, and return the one before it."""
    function = ctypes.CDLL(None).signal
    function.argtypes, function.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
    before: int | None = function(signal.SIGQUIT, handler)
    return before


def _watch(seconds: float, parent: int, message: str) -> None:
    """Follow what the parent says of itself, until it hangs up or hangs."""
    while state := os.read(0, 4096):
        if state.endswith(_BUSY) and _hangs(seconds, _speaks, lambda: _is_stopped(parent)):
            shown = _SHOW_CURSOR if os.isatty(_STDERR) else ""
            os.write(_STDERR, f"{shown}{message}\n".encode())
            os.kill(parent, signal.SIGQUIT)
            return


def _hangs(seconds: float, speaks: Callable[[float], bool], is_stopped: Callable[[], bool]) -> bool:
    """Tell whether the parent says nothing for so long a time in which it could.

    Time is counted in short ticks, so that none counts while the parent is stopped (Ctrl-Z), nor
    while the whole machine sleeps.
    """
    left = seconds
    while left > 0:
        tick = min(left, _TICK_S)
        if speaks(tick):
            return False
        if not is_stopped():
            left -= tick
    return True


def _speaks(seconds: float) -> bool:
    """Wait for a word of the parent, which may also hang up."""
    return bool(select.select([0], [], [], seconds)[0])


def _is_stopped(process: int) -> bool:
    if sys.platform == "linux":  # a small image has no ps
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123 - starts fast without
            state = file.read().rpartition(b")")[2].split()[0]
    else:
        ps = ["ps", "-o", "stat=", "-p", str(process)]
        state = subprocess.run(ps, capture_output=True, check=False).stdout
    return state.startswith(b"T")


if __name__ == "__main__":
    _watch(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
