"""How functions of the tests are described to a program: where it finds its own, or what they take.

Functions of the library are known on both sides. One of the tests is called back, and stands in the
program as a function of the same name and the same parameters.
"""

import builtins
import functools
import inspect
import sys
import types
from typing import Any

TRUSTED_MODULES = frozenset(
    {
        "bisect",
        "calendar",
        "cmath",
        "collections",
        "copy",
        "datetime",
        "decimal",
        "fractions",
        "functools",
        "heapq",
        "inspect",
        "itertools",
        "json",
        "math",
        "operator",
        "random",
        "re",
        "statistics",
        "string",
        "sys",
        "time",
        "typing",
    }
)
"""Modules that the tests always meet in their own copy, whatever the program calls by the name."""

_OF_BUILTINS = (types.BuiltinFunctionType, types.MethodDescriptorType)
_ARGUMENTS, _KEYWORDS = inspect.CO_VARARGS, inspect.CO_VARKEYWORDS


def place_in_builtins(value: Any, kind: type) -> list[str] | None:
    """Return the names that lead to a function of the builtins: `len`, or `str.upper`."""
    if kind not in _OF_BUILTINS:
        return None
    owner = getattr(value, "__objclass__", None)
    path = [value.__name__] if owner is None else [owner.__name__, value.__name__]
    try:
        found = functools.reduce(getattr, path, builtins)
    except AttributeError:
        return None
    return path if found is value else None


def place_in_library(value: Any) -> list[str] | None:
    """Return module and name of a function or class of the library."""
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not (type(module) is str and type(name) is str and module.lstrip("_") in TRUSTED_MODULES):
        return None
    return [module, name] if getattr(sys.modules.get(module), name, None) is value else None


def described(function: Any) -> list[Any]:
    """Return names and parameters of a function of the tests."""
    name = str(getattr(function, "__name__", "callback"))
    doc = getattr(function, "__doc__", None)
    names = [name, str(getattr(function, "__qualname__", name)), doc if type(doc) is str else None]
    if type(function) is not types.FunctionType:
        return [names, None]
    return [names, _signature(function, function.__kwdefaults__ or {})]


def _signature(function: types.FunctionType, after: dict[str, Any]) -> list[str]:
    """Return source of the parameters of a function, and of what hands them on.

    The defaults in it are None, and the real ones stay with the tests. Behind it stand how many
    belong to parameters with a place, and the names of the others.
    """
    code = function.__code__
    names = list(code.co_varnames)
    placed, names = names[: code.co_argcount], names[code.co_argcount :]
    named, names = names[: code.co_kwonlyargcount], names[code.co_kwonlyargcount :]
    before = function.__defaults__ or ()
    optional = {*placed[len(placed) - len(before) :], *after}
    written, handed = list(placed), list(placed)
    if code.co_posonlyargcount:
        written.insert(code.co_posonlyargcount, "/")
    if code.co_flags & _ARGUMENTS:
        rest = f"*{names.pop(0)}"
        written.append(rest)
        handed.append(rest)
    elif named:
        written.append("*")
    written += named
    passed = [f"{name!r}: {name}" for name in named]
    if code.co_flags & _KEYWORDS:
        written.append(f"**{names[0]}")
        passed.append(f"**{names[0]}")
    source = ", ".join(f"{name}=None" if name in optional else name for name in written)
    handed_on = "".join(f"{name}, " for name in handed)
    return [source, handed_on, ", ".join(passed), str(len(before)), " ".join(after)]
