"""Imports the packages of a sandbox into a process that is to be forked: once, for all programs.

What can be found only now (one that does not import, that starts threads) is told as an
`ImportError`; then there is no sandbox. A zygote without packages must not grow by this module, so
it imports nothing that is not there already.
"""

import contextlib
import importlib
import os
import random
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any, NamedTuple


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


class Imported(NamedTuple):
    """The packages of this process."""

    taken_bytes: int = 0
    """Address space."""
    readable: list[str] = []  # noqa: RUF012 - nobody changes it
    """Paths that they have to read later."""
    modules: frozenset[str] = frozenset()


def import_packages(text: str) -> Imported:
    """Import what `whetstone.rewards.sandbox.packages` has found, of which `text` tells."""
    if not text:
        return Imported()
    packages = importlib.import_module("json").loads(text)
    before = _address_space()
    finder = _Finder({*packages["modules"], *packages["needed"]}, packages["folders"])
    sys.meta_path.append(finder)
    for name in packages["modules"]:
        try:
            importlib.import_module(name)
        except Exception as error:  # a package may raise what it likes
            raise ImportError(f"{name}: {type(error).__name__}: {error}") from error
    for name in packages["needed"]:  # it may be for another machine, or for other uses
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    sys.meta_path.remove(finder)
    if (threads := _threads()) > 1:
        raise ImportError(f"{', '.join(packages['modules'])}: they start {threads - 1} threads")
    seed_all()
    if "numpy" in sys.modules:  # no process can import it once it is confined
        importlib.import_module("whetstone.rewards.sandbox.wire.of_numpy")
    names = frozenset({*packages["modules"], *packages["needed"]})
    return Imported(max(0, _address_space() - before), packages["readable"], names)


def seed_all() -> None:
    """Have the library and numpy draw the same numbers from now on, in every process."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)


def _address_space() -> int:
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:  # noqa: PTH123 - as above
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _threads() -> int:
    with contextlib.suppress(OSError):
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as above
    return 1
