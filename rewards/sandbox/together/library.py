"""The library as it was before the program ran: what tests may trust, and what to put back.

A program shares its process with its tests, so it can replace `math.isclose` or a method of
`Fraction` under them. What was there at first is remembered: every function and class of every
module, and of every class that is written in Python. Before a statement of the tests all of it is
put back; what a statement finds changed at its end was changed by the program meanwhile.
"""

import sys
from collections.abc import Callable, Iterable
from operator import is_
from types import BuiltinFunctionType, ModuleType
from typing import Any

_MODULES = sys.modules
_IMPORT_LISTS: tuple[list[Any], ...] = (sys.path, sys.meta_path, sys.path_hooks)
_OWN = frozenset({"__main__", "solution"})
_CLOSED = frozenset({"whetstone", "ctypes", "_ctypes"})
_IMMUTABLE = 1 << 8
_FOUNDATION = frozenset(
    {"_collections_abc", "_operator", "abc", "bisect", "builtins", "collections"}
    | {"collections.abc", "contextlib", "copy", "copyreg", "enum", "functools", "heapq"}
    | {"itertools", "keyword", "math", "numbers", "operator", "random", "re", "reprlib"}
    | {"string", "types", "typing"}
)
_present = set(sys.modules)
_dict_of: Callable[[Any], Any] = type.__dict__["__dict__"].__get__
_all_subclasses = type.__subclasses__

_Entry = tuple[Any, Callable[[str], Any], tuple[str, ...], tuple[Any, ...]]
"""Whose attributes, how one is looked up, their names and their values."""

_entries: list[_Entry] = []
_loaded: dict[str, ModuleType] = {}
_lists: list[list[Any]] = []
_classes: dict[int, type] = {}
_callables: set[int] = set()


def remember(also: Iterable[str] = ()) -> None:
    """Take what is loaded now and was not at the last call, and the modules of these names.

    At first that is what tests and programs share with nobody asking. The rest of what this process
    has loaded it needs itself; a class from there is trusted as little as one of the program.
    """
    named = {name.partition(".")[0] for name in also}
    named |= {top for name in named for top in _tops_behind(name)}
    known = {*_FOUNDATION, *(name for name in _present if name.partition(".")[0] in named)}
    _lists[:] = [list(one) for one in _IMPORT_LISTS]
    wanted = known.intersection(_present)
    if _loaded and _present.issuperset(_MODULES) and wanted <= _loaded.keys():
        return
    for name, module in list(_MODULES.items()):
        if name in _loaded or name.partition(".")[0] in _CLOSED or type(module) is not ModuleType:
            continue
        if name in known or name not in _present:
            _loaded[name] = module
            _remember(module, module.__dict__, _is_function_or_module)
    for kind in all_classes():
        is_fixed = kind.__flags__ & _IMMUTABLE
        if id(kind) in _classes or not (is_fixed or str(kind.__module__) in _loaded):
            continue
        _classes[id(kind)] = kind
        _callables.add(id(kind))
        if not is_fixed:
            _remember(kind, _dict_of(kind), _is_behaviour)
    _present.update(_MODULES)


def _tops_behind(name: str) -> set[str]:
    """Return the packages that what is in a package comes from: `pytest` is all `_pytest`."""
    values = list(vars(_MODULES[name]).values()) if name in _MODULES else []
    tops = {str(getattr(value, "__module__", "")).partition(".")[0] for value in values}
    return tops - sys.stdlib_module_names - {""}


def all_classes() -> list[type]:
    """Return every class of this process."""
    found: dict[int, type] = {id(object): object}
    ahead: list[type] = [object]
    while ahead:
        below: list[type] = _all_subclasses(ahead.pop())
        for kind in below:
            if id(kind) not in found:
                found[id(kind)] = kind
                ahead.append(kind)
    return list(found.values())


def is_trusted(kind: type) -> bool:
    """Whether a class was there before the program."""
    return id(kind) in _classes


def is_library_function(function: Any) -> bool:
    """Whether something callable is none that the program or the tests made."""
    owner = getattr(function, "__func__", function)
    return type(function) in _C_FUNCTIONS or id(owner) in _callables


def put_back(tests_patch: frozenset[str]) -> list[str]:
    """Undo changes, but not of attributes that the tests patch; returns what was changed."""
    changed = [name for name, module in _loaded.items() if _MODULES.get(name) is not module]
    for name in changed:
        _MODULES[name] = _loaded[name]
    for now, before in zip(_IMPORT_LISTS, _lists, strict=True):
        if len(now) != len(before) or not all(map(is_, now, before)):
            now[:] = before
    for owner, get, names, values in _entries:
        if not all(map(is_, map(get, names), values)):
            for name, value in zip(names, values, strict=True):
                if get(name) is not value and name not in tests_patch:
                    setattr(owner, name, value)
                    changed.append(f"{owner.__name__}.{name}")
    return changed


def replace(owner: ModuleType, name: str, value: Any) -> None:
    """Put something in the place of what a module has, for good."""
    setattr(owner, name, value)
    _callables.add(id(value))
    for at, (one, get, names, values) in enumerate(_entries):
        if one is owner:
            pairs = dict(zip(names, values, strict=True)) | {name: value}
            _entries[at] = (one, get, tuple(pairs), tuple(pairs.values()))


def _remember(owner: Any, attributes: Any, counts: Callable[[Any], bool]) -> None:
    kept = {name: value for name, value in attributes.items() if counts(value)}
    _callables.update(id(value) for value in kept.values() if callable(value))
    _entries.append((owner, attributes.get, tuple(kept), tuple(kept.values())))


def _is_function_or_module(value: Any) -> bool:
    return callable(value) or isinstance(value, ModuleType)


def _is_behaviour(value: Any) -> bool:
    return not isinstance(value, _DATA)


_DATA = (bool, int, float, str, bytes, tuple, list, dict, set, frozenset, type(None))
_C_FUNCTIONS = frozenset(
    {
        BuiltinFunctionType,
        type([].__len__),
        type(list.append),
        type(list.__len__),
        type(dict.__dict__["fromkeys"]),
    }
)
