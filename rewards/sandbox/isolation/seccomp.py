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
from collections.abc import Collection, Mapping

from whetstone.rewards.sandbox.isolation import syscalls
from whetstone.rewards.sandbox.isolation.libc import PR_SET_SECCOMP, check, libc

_MODE_FILTER = 2

# struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits.
NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_LOAD, _JUMP, EQUAL, _AT_LEAST, ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
_FARTHEST = 255  # that a comparison can jump
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000

# O_TMPFILE shares its bits with O_DIRECTORY, which reading a folder needs; O_RDWR goes with it.
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_F_GETFD, _F_GETFL = 1, 3

Instruction = tuple[int, int, int, int]


def load(offset: int) -> Instruction:
    """Load a word of what the kernel tells of a call."""
    return (_LOAD, 0, 0, offset)


def fail(number: int) -> Instruction:
    """Answer a call with an error."""
    return (_RETURN, 0, 0, _ERRNO | number)


PERMIT: Instruction = (_RETURN, 0, 0, _ALLOW)
_END: Instruction = (_RETURN, 0, 0, _KILL)
_REFUSE = [fail(errno.EPERM)]


def argument(index: int, half: int = 0) -> Instruction:
    """Load the low (0) or high (1) half of an argument; both machines are little-endian."""
    return load(_ARGUMENTS + 8 * index + 4 * half)


def _read_only(flags: int) -> list[Instruction]:
    return [argument(flags), (ANY_BIT, 0, 1, _WRITING), fail(errno.EACCES), PERMIT]


def rules() -> dict[str, list[Instruction]]:
    """Say what each checked call may have for arguments. Each list ends in a return."""
    return {
        "open": _read_only(1),
        "openat": _read_only(2),
        # Limits may be read, not set: the pointer to the new ones must be null.
        "prlimit64": [
            argument(2),
            (EQUAL, 0, 3, 0),
            argument(2, half=1),
            (EQUAL, 0, 1, 0),
            PERMIT,
            fail(errno.EPERM),
        ],
        # Python asks of every file whether it is a terminal, and none is.
        "ioctl": [fail(errno.ENOTTY)],
        "fcntl": [
            argument(1),
            (EQUAL, 2, 0, _F_GETFD),
            (EQUAL, 1, 0, _F_GETFL),
            fail(errno.EPERM),
            PERMIT,
        ],
    }


def instructions(
    machine: str | None = None,
    without: Collection[str] = (),
    also: Mapping[str, list[Instruction]] | None = None,
) -> list[Instruction]:
    """Return the filter for a machine, this one if it is not named.

    It also refuses the calls `without`, and takes what is said of others in `also`.

    Numbers are found by halving, like in a sorted list: the kernel tries the filter with every
    system call when it is loaded, so a long chain would cost each program 0.1 ms.
    """
    architecture, numbers = syscalls.machine(machine)
    allowed = [name for name in syscalls.ALLOWED if name in numbers and name not in without]
    actions = {numbers[name]: [PERMIT] for name in allowed}
    checked = rules() | dict(also or {})
    actions |= {numbers[name]: rule for name, rule in checked.items() if name in numbers}
    for names, end in ((syscalls.UNKNOWN, fail(errno.ENOSYS)), (syscalls.DEADLY, _END)):
        actions |= {numbers[name]: [end] for name in names & numbers.keys()}
    return [
        load(_ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        _END,
        load(NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        _END,
        *choose(actions, _REFUSE),
    ]


def choose(actions: dict[int, list[Instruction]], rest: list[Instruction]) -> list[Instruction]:
    """Answer the loaded number of a call by what is said of it, or by the `rest`."""
    return _halve(_ranges(actions, rest))


def _ranges(
    actions: dict[int, list[Instruction]], rest: list[Instruction]
) -> list[tuple[int, list[Instruction]]]:
    """Return the first number of each range of calls that have the same answer, and the answer."""
    found: list[tuple[int, list[Instruction]]] = []
    for number in range(max(actions) + 2):
        action = actions.get(number, rest)
        if not found or found[-1][1] != action:
            found.append((number, action))
    return found


def _halve(ranges: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Find the range that holds the loaded number, and give its answer."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _halve(ranges[:middle]), _halve(ranges[middle:])
    number = ranges[middle][0]
    if len(below) <= _FARTHEST:
        return [(_AT_LEAST, len(below), 0, number), *below, *above]
    return [(_AT_LEAST, 0, 1, number), (_JUMP, 0, 0, len(below)), *below, *above]


class SeccompFilter:
    """The filter, built once. `load` puts it on this process for good; it needs no_new_privs."""

    def __init__(self, program: list[Instruction]) -> None:
        code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = ctypes.create_string_buffer(
            struct.pack("HxxxxxxQ", len(program), ctypes.addressof(self._code))
        )
        self.arguments = (PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(self._program), 0, 0)

    def load(self) -> None:
        """Raise `OSError` if the kernel does not take it."""
        check(libc.prctl(*self.arguments), "seccomp")
