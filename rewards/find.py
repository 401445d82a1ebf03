"""Whether a function of the user's is there, told without importing anything.

An import may take as long as torch does, so a gate that answers at once looks at the files only.
It is sure of what it refuses: where a name could come about while the module runs, it says nothing.
"""

import itertools
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TypeGuard

_COMES_ABOUT = re.compile(r"import\s*\(?\s*\*|\b(__getattr__|globals|setattr|exec)\b")
"""What can define a name that stands nowhere in the source."""


def why_missing(fn: str) -> str | None:
    """Return which part of `package.module:function` is not there; None where all may be."""
    module_name, _, function = fn.partition(":")
    here = str(Path.cwd())
    path: Sequence[str] | None = None
    origin: str | None = None
    for name in itertools.accumulate(module_name.split("."), "{}.{}".format):
        spec = PathFinder.find_spec(name, [here]) if path is None else None
        spec = spec or _spec(name, path)
        if spec is None:
            package, _, part = name.rpartition(".")
            where = f"package {package}" if package else f"{here} or the rest of sys.path"
            return f"there is no module {part!r} in {where}"
        origin, path = spec.origin, spec.submodule_search_locations
        if origin is None or (path is None and name != module_name):
            return None  # a namespace package, or a module that puts others below itself (os.path)
    if not _is_source(origin):
        return None
    source = Path(origin).read_text(encoding="utf-8", errors="replace")
    if _COMES_ABOUT.search(source) or re.search(rf"\b{re.escape(function)}\b", source):
        return None
    return f"module {module_name} has no function {function!r}"


def _spec(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Ask whoever finds modules, editable installs among them, as an import would."""
    finders = (finder for finder in sys.meta_path if hasattr(finder, "find_spec"))
    found = (finder.find_spec(name, path) for finder in finders)
    return next((spec for spec in found if spec is not None), None)


def _is_source(origin: str | None) -> TypeGuard[str]:
    return origin is not None and origin.endswith(".py")
