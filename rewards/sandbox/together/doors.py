"""Closes the ways to what nobody gave a program that the interpreter does not audit.

`globals`, `locals` and `vars` that the tests call unknowingly (`peek = globals` as a method of a
class) answer for the tests, `gc.set_debug` has the collector keep what it would have freed, frames
included, and a `BufferedReader` lends out memory that it frees. No builtin module that is there is
made anew, which would bring back what it had.
"""

import _imp
import builtins
import ctypes
import gc
import io
import sys
from types import SimpleNamespace
from typing import Any

from whetstone.rewards.sandbox.together.library import replace
from whetstone.rewards.sandbox.together.lock import DeniedError, is_forbidden, is_private, running

_vars_of = vars
_create_builtin = _imp.create_builtin
_present = frozenset[str]()

# `PyWrapperDescrObject.d_wrapped`, in bytes, and where the slots of a type begin and end.
_WRAPPED = 6 * ctypes.sizeof(ctypes.c_void_p)
_INIT = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.py_object, ctypes.c_void_p)
_TYPE_BYTES: int = vars(type)["__basicsize__"].__get__(type)
_kept: list[Any] = []
"""What C calls and nothing else refers to."""


def close() -> None:
    """Close them in this process, for good. Raises `OSError`."""
    global _present  # noqa: PLW0603 - it serves one process, once
    _present = frozenset(sys.modules)
    replace(builtins, "globals", _globals)
    replace(builtins, "locals", _locals)
    replace(builtins, "vars", _vars)
    replace(gc, "set_debug", _set_debug)
    replace(_imp, "create_builtin", _create)
    for kind in (io.BufferedReader, io.BufferedRandom, io.BufferedRWPair):
        _buffer_files_only(kind)


def _globals() -> Any:
    """Do what `globals` does, but not for the tests."""
    return _asking().f_globals


def _locals() -> Any:
    """Do what `locals` does, but not for the tests."""
    return _asking().f_locals


def _vars(*arguments: Any) -> Any:
    """Do what `vars` does; without an argument not for the tests."""
    return _vars_of(*arguments) if arguments else _asking().f_locals


def _asking() -> Any:
    frame = running().f_back.f_back
    if is_private(frame):
        raise DeniedError("the tests do not hand out their own names")
    return frame


def _set_debug(_: Any) -> None:
    """Let the collector free what it finds."""


def _create(spec: Any) -> Any:
    """Make a builtin module, but for those that are there."""
    name = str.__str__(spec.name)
    if name in _present or is_forbidden(name):
        raise ImportError(f"{name} is not made again for programs")
    return _create_builtin(SimpleNamespace(name=name))  # type: ignore[arg-type]


def _buffer_files_only(kind: type) -> None:
    """Have a class take files and nothing that a program wrote. Raises `OSError`."""
    wrapped = id(_vars_of(kind)["__init__"]) + _WRAPPED
    original = ctypes.c_void_p.from_address(wrapped).value or 0
    slots = range(id(kind), id(kind) + _TYPE_BYTES, ctypes.sizeof(ctypes.c_void_p))
    found = [at for at in slots if ctypes.c_void_p.from_address(at).value == original]
    if len(found) != 1:
        raise OSError("this interpreter does not let its buffers be locked")
    make = _INIT(original)

    def init(buffer: Any, arguments: Any, keywords: int | None) -> int:
        given = [type(one) for one in arguments if type(one) is not int]
        if keywords or not all(one in {io.FileIO, io.BytesIO} for one in given):
            return -1
        return int(make(buffer, arguments, keywords))

    callback = _INIT(init)
    _kept.append(callback)
    for at in (*found, wrapped):
        ctypes.c_void_p.from_address(at).value = ctypes.cast(callback, ctypes.c_void_p).value
