"""Calls into the C library that Python has no name for, with errors as `OSError`."""

import ctypes
import os

# PyDLL keeps the interpreter's lock, which the child of a fork must hold, and costs less.
libc = ctypes.PyDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47


def check(result: int, what: str) -> int:
    """Return what a call returned. Raises `OSError` with the call's own number if it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, *arguments: int) -> None:
    """Set an attribute of this process; the names are those of the manual page."""
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    check(libc.prctl(option, *values), f"prctl({option})")
