"""Runs a program as the command `python program.py` would, in the process of one child.

What it prints and how it ends is all that is known of it afterwards: it has no channel to report
on. So the end of the interpreter is played here, in its order: functions that were registered for
it, then what is still buffered, then everything that the program holds.
"""

import builtins
import contextlib
import gc
import os
import sys
import types
from typing import Any, NoReturn, TextIO

from whetstone.rewards.sandbox.program.stand_ins import put_in
from whetstone.rewards.sandbox.text import describe

FILE = "program.py"
_NO_CODE = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)
"""What `compile` says of what is no Python."""
NOT_PYTHON, NO_MEMORY = 121, 122
"""Exit statuses with a meaning. A program that exits with one itself has failed in any case."""
_NOT_FLUSHED = 120  # the interpreter's own


def prepared(program: str) -> types.CodeType:
    """Make this process one in which a program can run; ends it if that is no Python.

    What it cannot be compiled for goes to the standard error.
    """
    vars(sys).update(zip(("__stdin__", "__stdout__", "__stderr__"), _STREAMS, strict=True))
    sys.stdin, sys.stdout, sys.stderr = _STREAMS
    return _compiled(program)


def run(code: types.CodeType) -> NoReturn:
    """Run a program to its end, which is also that of this process."""
    status = 1
    try:
        status = _run(code)
    finally:
        os._exit(status)


def repeatable(program: str) -> types.CodeType | None:
    """Compile a program that is to be repeated; None if that cannot be done."""
    try:
        code: types.CodeType = compile(program, FILE, "exec", dont_inherit=True)
    except _NO_CODE:
        return None
    put_in(program)
    return code


def repeat(code: types.CodeType, streams: tuple[TextIO, TextIO, TextIO]) -> tuple[int, bytes]:
    """Run a program that leaves no traces on streams of its own.

    Returns its exit status and its last words. All that it may have changed is put back.
    """
    sys.stdin, sys.stdout, sys.stderr = _STREAMS[:] = streams
    namespace = _new_main()
    status, last_words = _executed(code, namespace)
    status = _flushed() or status
    namespace.clear()
    gc.collect()
    sys.setrecursionlimit(_DEPTH)
    return _flushed() or status, last_words


_DEPTH = sys.getrecursionlimit()
_STREAMS: list[TextIO] = []
"""Those of a program, made beforehand: to make them costs a child half a millisecond."""


def rehearse() -> None:
    """Make the streams, and run a harmless program often, in the zygote.

    A stream remembers what kind of file it was made for, so the standard descriptors lead to pipes
    meanwhile. Code that has run often is not rewritten any more, so its pages are not copied.
    """
    kept = [os.dup(number) for number in range(3)]
    before = sys.stdin, sys.stdout, sys.stderr, sys.argv, sys.modules["__main__"]
    reads, given = os.pipe()
    output, prints = os.pipe()
    for number, stream in enumerate((reads, prints, prints)):
        os.dup2(stream, number)
    _STREAMS.extend(_open_streams())
    sys.stdin, sys.stdout, sys.stderr = _STREAMS
    for _ in range(_REHEARSALS):
        os.write(given, b"1 2\n")
        _run(_compiled(_PLAY))
        os.read(output, 99)
    sys.stdin, sys.stdout, sys.stderr, sys.argv, sys.modules["__main__"] = before
    del builtins.exit, builtins.quit  # programs that are called have none, as before
    for number, stream in enumerate(kept):
        os.dup2(stream, number)
    for descriptor in (*kept, reads, given, output, prints):
        os.close(descriptor)


_REHEARSALS = 50
_PLAY = """
import sys
def main():
    a, b = map(int, input().split())
    print(a + b, *[x for x in range(a)])
if __name__ == "__main__":
    main()
"""


def _open_streams() -> tuple[TextIO, TextIO, TextIO]:
    return (
        open(0, encoding="utf-8", closefd=False),
        open(1, "w", encoding="utf-8", newline="\n", closefd=False),
        open(2, "w", 1, encoding="utf-8", errors="backslashreplace", newline="\n", closefd=False),
    )


_WORDS = (
    *("open", "__del__", "weakref", "yield", "async", "IO", "Buffered", "buffer", "detach"),
    *("type(", "__class__", "getattr", "codecs", "exec", "eval"),
)
"""Without one of them, nothing that a program holds can print when it is let go of."""
_LEAVES_TRACES: list[str] = []
"""The words that this process's program has: to let go of everything costs as much as to run it."""


def _compiled(program: str) -> types.CodeType:
    try:
        code: types.CodeType = compile(program, FILE, "exec", dont_inherit=True)
    except _NO_CODE as error:
        os.write(2, _told(error))
        os._exit(NOT_PYTHON)
    _new_main()
    put_in(program)
    _LEAVES_TRACES[:] = [word for word in _WORDS if word in program]
    return code


def _new_main() -> dict[str, Any]:
    """Put a module in place for a program to run in; returns its names."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=FILE, __builtins__=builtins)
    sys.modules["__main__"] = main
    sys.argv = [FILE]
    return main.__dict__


def _run(code: types.CodeType) -> int:
    namespace = sys.modules["__main__"].__dict__
    status, last_words = _executed(code, namespace)
    if last_words:
        os.write(2, last_words)
    return _ended(namespace) or status


def _executed(code: types.CodeType, namespace: dict[str, Any]) -> tuple[int, bytes]:
    """Run a program; returns its exit status, and what its interpreter would say last."""
    try:
        exec(code, namespace)  # noqa: S102 - running the program is the purpose
    except SystemExit as error:
        return _exit_status(error.code)
    except MemoryError as error:
        return NO_MEMORY, _told(error)
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
        return 1, _told(error)
    return 0, b""


def _exit_status(code: Any) -> tuple[int, bytes]:
    """Return the status of `sys.exit(code)`, and what it says."""
    if code is None:
        return 0, b""
    if isinstance(code, int):
        return code & 0xFF, b""
    return 1, str(code).encode(errors="backslashreplace")


def _told(error: BaseException) -> bytes:
    return b"\n" + describe(error).encode(errors="backslashreplace")


def _ended(namespace: dict[str, Any]) -> int:
    """Do what the interpreter does at its end; returns its status if that fails."""
    atexit = sys.modules.get("atexit")
    if atexit is not None:
        atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does
    status = _flushed()
    if not _LEAVES_TRACES:
        return status
    namespace.clear()  # files that the program opened on its output write the rest of it
    gc.collect()
    return _flushed() or status


def _flushed() -> int:
    """Write what is buffered; a stream that the program has closed has done so.

    Only `sys.stdout` decides how the program ends: of the first one it may have taken the buffer.
    """
    status = 0
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the stream may be the program's own
        status = _NOT_FLUSHED
    with contextlib.suppress(BaseException):
        _STREAMS[1].flush()
    return status
