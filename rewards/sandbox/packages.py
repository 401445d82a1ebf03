"""Installed packages that programs and tests may import, beside the standard library.

A package is named as it is imported. What it needs itself comes with it; nothing else that is
installed here does. Refuses a name that cannot be found, before anything runs.
"""

import functools
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_MODULE = re.compile(r"(?!__)[A-Za-z_]\w*")


class MissingPackageError(ValueError):
    """A package that is not installed where the sandbox runs."""


class PackagesUnavailableError(RuntimeError):
    """A package that is installed and cannot be used here, so nothing runs."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the sandbox cannot use its packages ({reason}); mend them, or leave them out"
        )


@dataclass(frozen=True)
class Packages:
    """Modules to import, and where their files are."""

    modules: tuple[str, ...] = ()
    """Those that were asked for, as they are imported."""
    needed: tuple[str, ...] = ()
    """Those that come with them."""
    folders: tuple[str, ...] = ()
    """What Python's search path has to hold while they are imported."""
    readable: tuple[str, ...] = ()

    def as_text(self) -> str:
        """Return what `whetstone.rewards.sandbox.package_imports` reads; "" for no package."""
        return json.dumps(asdict(self)) if self.modules else ""


def missing_packages(names: Iterable[str]) -> list[str]:
    """Return those of the names that cannot be imported here; nothing is imported for it."""
    others = (name for name in names if name not in sys.stdlib_module_names)
    return [name for name in others if not _MODULE.fullmatch(name) or not _is_there(name)]


def why_missing(names: Iterable[str]) -> str:
    """Say of packages that are missing what to do."""
    return (
        f"no module of this name is installed here: {', '.join(map(repr, names))}; install what "
        "has it (`.venv/bin/pip install ...`), or leave it out"
    )


@functools.lru_cache(maxsize=8)
def usable_modules(names: tuple[str, ...]) -> frozenset[str]:
    """Return what can be imported beside the library, if these packages are given.

    One that is not installed is left out.
    """
    absent = missing_packages(names)
    found = find_packages(name for name in names if name not in absent)
    return frozenset({*found.modules, *found.needed})


def find_packages(names: Iterable[str]) -> Packages:
    """Find packages and what they need. Raises `MissingPackageError`."""
    wanted = [name for name in dict.fromkeys(names) if name not in sys.stdlib_module_names]
    if missing := missing_packages(wanted):
        raise MissingPackageError(f"packages: {why_missing(missing)}")
    also = (module for name in wanted for module in _needed_modules(name) if _is_there(module))
    needed = [name for name in dict.fromkeys(also) if name not in wanted]
    places = [place for name in (*wanted, *needed) for place in _places(name)]
    folders = dict.fromkeys(str(Path(place).parent) for place in places)
    return Packages(tuple(wanted), tuple(needed), tuple(folders), tuple(dict.fromkeys(places)))


def _is_there(name: str) -> bool:
    return any(True for _ in _places(name))


def _places(name: str) -> Iterator[str]:
    """Yield the folders of a package, or the file of a module; nothing for what has neither."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return
    if spec.submodule_search_locations:
        yield from spec.submodule_search_locations
    elif spec.has_location and spec.origin:
        yield spec.origin


def _needed_modules(name: str) -> list[str]:
    """Return the modules of every distribution that a package needs, through one another."""
    # The process that starts steps reads this file too, and has the standard library only.
    from packaging.requirements import Requirement  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    ahead, seen = _distributions(name), set[str]()
    modules: list[str] = []
    while ahead:
        distribution = canonicalize_name(ahead.pop())
        if distribution in seen:
            continue
        seen.add(distribution)
        try:
            found = importlib.metadata.distribution(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue  # it needs it for some other machine, or was installed without
        modules += _modules(found)
        requirements = [Requirement(text) for text in found.requires or ()]
        ahead += [r.name for r in requirements if r.marker is None or r.marker.evaluate()]
    return modules


def _distributions(module: str) -> list[str]:
    """Return the distributions that have a module; most bear its name."""
    try:
        found = importlib.metadata.distribution(module)
    except importlib.metadata.PackageNotFoundError:
        return importlib.metadata.packages_distributions().get(module, [])
    if module in _modules(found):
        return [module]
    return importlib.metadata.packages_distributions().get(module, [])


def _modules(distribution: importlib.metadata.Distribution) -> list[str]:
    files = [file for file in distribution.files or () if file.suffix == ".py" or _is_library(file)]
    tops = (file.parts[0] if len(file.parts) > 1 else file.name.partition(".")[0] for file in files)
    return [name for name in dict.fromkeys(tops) if name.isidentifier()]


def _is_library(file: importlib.metadata.PackagePath) -> bool:
    return any(file.name.endswith(suffix) for suffix in importlib.machinery.EXTENSION_SUFFIXES)
