"""The processes below one, as Linux tells them in /proc: who an attack has left behind."""

import contextlib
import os
from pathlib import Path

_STATE, _PARENT, _NICE = 0, 1, 16
"""Fields of /proc/PID/stat, counted after the name in parentheses (proc(5): 3, 4, 19)."""


def descendants(pid: int) -> set[int]:
    """Return the process numbers of all children, their children and so on."""
    parents = {
        int(entry.name): int(fields[_PARENT])
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (fields := _fields(int(entry.name)))
    }
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
        text = Path(f"/proc/{pid}/stat").read_text("latin-1")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
