"""The files that a program may read, as a rule of the kernel: the interpreter's, and no others.

Why: the private root hides the rest already, but containers have none, and a program must not read
secrets there either. It also denies TCP, abstract sockets and signals to processes outside, as far
as the kernel's version of Landlock knows them.
"""

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable

from whetstone.rewards.sandbox.isolation.libc import check, libc

# The same numbers on every machine.
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_GET_VERSION = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REMOVE = 0b11 << 4
_MAKE_FOLDER, _MAKE_FILE, _MAKE_LINK = 1 << 7, 1 << 8, 1 << 12
_RENAME, _TRUNCATE = 1 << 13, 1 << 14
_RUN = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _RUN | _WRITE_FILE | _REMOVE | _MAKE_FOLDER | _MAKE_FILE | _MAKE_LINK | _RENAME | _TRUNCATE
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

# Rights over files that each version of Landlock knows; later ones know the last.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_LATEST_FILE_RIGHTS = (1 << 16) - 1
_NETWORK_FROM, _TCP = 4, 0b11
_SCOPES_FROM, _SCOPES = 6, 0b11


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def ruleset(
    readable: Iterable[str], runnable: Iterable[str] = (), writable: Iterable[str] = ()
) -> int:
    """Make the descriptor of a ruleset that allows reading below these paths and nothing else.

    `runnable` may also be executed, `writable` changed and executed.
    """
    version = check(libc.syscall(_CREATE, None, 0, _GET_VERSION), "landlock")
    attributes = _Attributes(_FILE_RIGHTS.get(version, _LATEST_FILE_RIGHTS), 0, 0)
    size = 8
    if version >= _NETWORK_FROM:
        attributes.network, size = _TCP, 16
    if version >= _SCOPES_FROM:
        attributes.scoped, size = _SCOPES, 24
    rules = check(libc.syscall(_CREATE, ctypes.byref(attributes), size, 0), "landlock")
    granted = ((readable, _READ_FILE | _READ_DIR), (runnable, _RUN), (writable, _WRITE))
    for paths, rights in granted:
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                _allow(rules, path, rights & attributes.files)
    return rules


def _allow(rules: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        folder = stat.S_ISDIR(os.fstat(parent).st_mode)
        rule = _PathBeneath(rights if folder else rights & _OF_FILES, parent)
        added = libc.syscall(_ADD_RULE, rules, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        check(added, f"landlock {path}")
    finally:
        os.close(parent)


def restrict(rules: int) -> None:
    """Put a ruleset on this process for good; it needs no_new_privs."""
    check(libc.syscall(_RESTRICT, rules, 0), "landlock")
