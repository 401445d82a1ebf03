"""Imports the packages of a sandbox into a process that is to be forked: once, for all programs.

What can be found only now (one that does not import, that starts threads) is told as an
`ImportError`; then there is no sandbox.
"""

import contextlib
import importlib
import json
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any


class _Finder:
    """Finds these modules in these folders, and no other that happens to lie there.

    A package may do more than it should if it finds another one.
    """

    def __init__(self, modules: set[str], folders: list[str]) -> None:
        self._modules = modules
        self._folders = folders

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if path is not None or name not in self._modules:
            return None
        return PathFinder.find_spec(name, self._folders, target)


def import_packages(text: str) -> tuple[int, list[str]]:
    """Import what `rewards.sandbox.packages` has found.

    Returns the bytes of address space that it takes, and the paths that it has to read later.
    """
    packages = json.loads(text)
    if not packages["modules"]:
        return 0, []
    before, asked = _address_space(), set(packages["modules"])
    finder = _Finder(asked, packages["folders"])
    sys.meta_path.append(finder)
    for name in packages["modules"]:
        try:
            importlib.import_module(name)
        except Exception as error:  # a package may raise what it likes
            if name in asked:
                raise ImportError(f"{name}: {type(error).__name__}: {error}") from error
    sys.meta_path.remove(finder)
    if (threads := _threads()) > 1:
        raise ImportError(f"{', '.join(packages['modules'])}: they start {threads - 1} threads")
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    return max(0, _address_space() - before), packages["readable"]


def _address_space() -> int:
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _threads() -> int:
    with contextlib.suppress(OSError):
        return len(list(Path("/proc/self/task").iterdir()))
    return 1
