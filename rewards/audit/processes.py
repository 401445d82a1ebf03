"""The processes below one, as Linux tells them in /proc: who an attack has left behind.

All of the machine are looked at several times an attack, hence the system calls instead of paths.
"""

import contextlib
import os

_STATE, _PARENT, _NICE = 0, 1, 16
"""Fields of /proc/PID/stat, counted after the name in parentheses (proc(5): 3, 4, 19)."""
_LONGEST = 4096
"""Bytes of such a file: some fifty numbers, and a name of at most 64."""


def descendants(pid: int) -> set[int]:
    """Return the process numbers of all children, their children and so on."""
    with os.scandir("/proc") as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    parents = {pid: int(fields[_PARENT]) for pid in pids if (fields := _fields(pid))}
    found: set[int] = set()
    wanted = {pid}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted} - found
        found |= wanted
    return found


def state_of(pid: int) -> str:
    """Return the state letter of a process; Z for one that is gone."""
    fields = _fields(pid)
    return fields[_STATE] if fields else "Z"


def nice_of(pid: int) -> int:
    """Return the priority of a process, -20 to 19; 0 for one that is gone."""
    fields = _fields(pid)
    return int(fields[_NICE]) if fields else 0


def reap(pid: int) -> bool:
    """Collect a dead child of this process; tell whether it is dead, whoever's child it is."""
    if state_of(pid) != "Z":
        return False
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return True


def _fields(pid: int) -> list[str]:
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except FileNotFoundError:
        return []
    try:
        text = os.read(descriptor, _LONGEST)
    except ProcessLookupError:
        return []
    finally:
        os.close(descriptor)
    return text.decode("latin-1").rpartition(")")[2].split()
