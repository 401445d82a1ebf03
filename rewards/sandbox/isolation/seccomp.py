"""The system calls that a program may make, as a filter in the kernel.

Why: it is the one wall that also stands in front of the kernel's own holes, and it stands in
containers, where namespaces are refused. It denies new processes and threads, sockets, signals to
others, writing by name and every privileged call. The filter is built once and loaded per child,
which cannot take it off.
"""

import ctypes
import errno
import os
import struct

from rewards.sandbox.isolation import syscalls
from rewards.sandbox.isolation.libc import PR_SET_SECCOMP, check, libc

_MODE_FILTER = 2

# struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000

# O_TMPFILE shares its bits with O_DIRECTORY, which reading a folder needs; O_RDWR goes with it.
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_F_GETFD, _F_GETFL = 1, 3

_Instruction = tuple[int, int, int, int]


def _load(offset: int) -> _Instruction:
    return (_LOAD, 0, 0, offset)


def _fail(number: int) -> _Instruction:
    return (_RETURN, 0, 0, _ERRNO | number)


_PERMIT: _Instruction = (_RETURN, 0, 0, _ALLOW)
_END: _Instruction = (_RETURN, 0, 0, _KILL)


def _argument(index: int, half: int = 0) -> _Instruction:
    """Load the low (0) or high (1) half of an argument; both machines are little-endian."""
    return _load(_ARGUMENTS + 8 * index + 4 * half)


def _read_only(flags: int) -> list[_Instruction]:
    return [_argument(flags), (_ANY_BIT, 0, 1, _WRITING), _fail(errno.EACCES), _PERMIT]


def _rules() -> dict[str, list[_Instruction]]:
    """Say what each checked call may have for arguments. Each list ends in a return."""
    return {
        "open": _read_only(1),
        "openat": _read_only(2),
        # Limits may be read, not set: the pointer to the new ones must be null.
        "prlimit64": [
            _argument(2),
            (_EQUAL, 0, 3, 0),
            _argument(2, half=1),
            (_EQUAL, 0, 1, 0),
            _PERMIT,
            _fail(errno.EPERM),
        ],
        # Python asks of every file whether it is a terminal, and none is.
        "ioctl": [_fail(errno.ENOTTY)],
        "fcntl": [
            _argument(1),
            (_EQUAL, 2, 0, _F_GETFD),
            (_EQUAL, 1, 0, _F_GETFL),
            _fail(errno.EPERM),
            _PERMIT,
        ],
    }


def _instructions() -> list[_Instruction]:
    architecture, numbers = syscalls.machine()
    program: list[_Instruction] = [
        _load(_ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        _END,
        _load(_NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        _END,
    ]
    for name in syscalls.ALLOWED:
        if name in numbers:
            program += [(_EQUAL, 0, 1, numbers[name]), _PERMIT]
    for name, rule in _rules().items():
        if name in numbers:
            program += [(_EQUAL, 0, len(rule), numbers[name]), *rule]
    for names, end in ((syscalls.UNKNOWN, _fail(errno.ENOSYS)), (syscalls.DEADLY, _END)):
        for name in sorted(names & numbers.keys()):
            program += [(_EQUAL, 0, 1, numbers[name]), end]
    return [*program, _fail(errno.EPERM)]


class Filter:
    """The filter, built once. `load` puts it on this process for good; it needs no_new_privs."""

    def __init__(self) -> None:
        instructions = _instructions()
        code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = ctypes.create_string_buffer(
            struct.pack("HxxxxxxQ", len(instructions), ctypes.addressof(self._code))
        )
        self._arguments = (PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(self._program), 0, 0)

    def load(self) -> None:
        """Raise `OSError` if the kernel does not take it."""
        check(libc.prctl(*self._arguments), "seccomp")
