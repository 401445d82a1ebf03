"""What programs of contests use and the walls refuse, played where that changes no answer.

Only what the source names is prepared: each module here would cost every other program.
"""

import builtins
import contextlib
import io
import os
from _sitebuiltins import Quitter
from collections.abc import Callable
from typing import Any

from whetstone.rewards.sandbox.program import threads

_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_EXIT, _QUIT = (Quitter(name, "Ctrl-D (i.e. EOF)") for name in ("exit", "quit"))
"""What `site` defines for programs, and the sandbox runs without."""
_open: Callable[..., Any] = open


def put_in(program: str) -> None:
    """Prepare this process for what a program is about to use."""
    builtins.exit, builtins.quit = _EXIT, _QUIT
    threads.put_in(program)
    if "/dev/std" in program:
        builtins.open = io.open = _open_stream
    if "resource" in program:
        _take_limits_as_they_are()


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
