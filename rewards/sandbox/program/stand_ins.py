"""What programs of contests use and the walls refuse, played where that changes no answer.

A thread is mostly asked for because it may have a deeper stack, so one runs to its end where it is
started. Only what the source names is prepared: each module here would cost every other program.
"""

import builtins
import contextlib
import io
import os
from _sitebuiltins import Quitter
from collections.abc import Callable
from typing import Any

_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_EXIT, _QUIT = (Quitter(name, "Ctrl-D (i.e. EOF)") for name in ("exit", "quit"))
"""What `site` defines for programs, and the sandbox runs without."""
_open: Callable[..., Any] = open


def put_in(program: str) -> None:
    """Prepare this process for what a program is about to use."""
    builtins.exit, builtins.quit = _EXIT, _QUIT
    if "thread" in program:
        _run_threads_at_once()
    if "/dev/std" in program:
        builtins.open = io.open = _open_stream
    if "resource" in program:
        _take_limits_as_they_are()


def _run_threads_at_once() -> None:
    import threading  # noqa: PLC0415 - few programs need it

    started: dict[int, threading.Thread] = {}  # kept, or another could have the same number

    def start(thread: threading.Thread) -> None:
        if id(thread) in started:
            raise RuntimeError("threads can only be started once")
        started[id(thread)] = thread
        try:
            thread.run()
        except SystemExit:
            pass
        except BaseException as error:  # noqa: BLE001 - the end of a thread, not of the program
            os.write(2, f"{type(error).__name__} in a thread".encode())

    def join(thread: threading.Thread, *_: Any, **__: Any) -> None:
        if id(thread) not in started:
            raise RuntimeError("cannot join thread before it is started")

    for name, stand_in in (("start", start), ("join", join), ("is_alive", lambda _: False)):
        setattr(threading.Thread, name, stand_in)


def _open_stream(file: Any, *arguments: Any, **keywords: Any) -> Any:
    """Open a stream of this process by its name, which the sandbox has no folder for."""
    with contextlib.suppress(TypeError):
        name = os.fspath(file)
        if name in _STREAMS:
            return _open(_STREAMS[name], *arguments, **keywords, closefd=False)
    return _open(file, *arguments, **keywords)


def _take_limits_as_they_are() -> None:
    """Let a program ask for more stack: the sandbox has given it what there is."""
    import resource  # noqa: PLC0415 - few programs need it

    def setrlimit(kind: int, limits: tuple[int, int], set_limit: Any = resource.setrlimit) -> None:
        with contextlib.suppress(OSError, ValueError):
            set_limit(kind, limits)

    resource.setrlimit = setrlimit
