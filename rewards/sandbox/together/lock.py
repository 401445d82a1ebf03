"""Closes the ways by which Python code reaches what nobody gave it: frames, the heap, raw memory.

The tests lie in the memory of the program that they judge. Nothing hands them over, so what is left
are the interpreter's own back doors: frames and their callers, the lists of the garbage collector,
`__globals__` of a function of the tests, `ctypes`, code made of bytes. An audit hook cannot be
taken off again, and refuses them all; an exception in the hook refuses as well. What the library
catches itself (`namedtuple` asks for its caller's frame) goes on as where there are no frames.

It refuses nothing to memory that is reached otherwise: a package such as numpy can read and write
all of it. That is why answers which are plain data stay in the process of the tests.
"""

import ctypes
import gc
import sys
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from rewards.sandbox.together.library import is_library_function

_REFUSED = frozenset(
    {
        "code.__new__",
        "gc.get_objects",
        "gc.get_referents",
        "gc.get_referrers",
        "marshal.load",
        "marshal.loads",
        "sys._current_exceptions",
        "sys._current_frames",
        "sys._getframe",
        "sys.addaudithook",
        "sys.monitoring.register_callback",
        "sys.setprofile",
        "sys.settrace",
    }
)
_PRIVATE = frozenset(
    {"__builtins__", "__globals__", "ag_frame", "cr_frame", "gi_frame", "tb_frame"}
)
_DEFAULTS = frozenset({"__defaults__", "__kwdefaults__"})
_FORBIDDEN = ("_ctypes", "ctypes", "_interp", "_test", "_xx", "xx")
"""How the names of modules begin that reach raw memory or an interpreter without the hook."""

_OURS = ("rewards", "ctypes", "_ctypes")

# Fields of CPython's structures, in pointers and bytes: `PyMemberDescrObject.d_member`,
# `PyMemberDef.flags`, and the flag that makes reading a member an audit event.
_MEMBER = 5 * ctypes.sizeof(ctypes.c_void_p)
_FLAGS = 3 * ctypes.sizeof(ctypes.c_void_p)
_AUDIT_READ = 2

_all_subclasses = type.__subclasses__
_hidden: frozenset[int] = frozenset()


class DeniedError(ValueError, RuntimeError, AttributeError):
    """What the library expects where the interpreter has no such door, whichever it asks for."""


def hide(classes: Iterable[type]) -> None:
    """Say of all classes that there are which ones are not for programs to know: those of ours."""
    global _hidden  # noqa: PLW0603 - it serves one process, once
    _hidden = frozenset(id(c) for c in classes if str(c.__module__).partition(".")[0] in _OURS)


def lock() -> None:
    """Close them all, for good. Raises `OSError`."""
    for name in ("__globals__", "__builtins__"):
        _audit_reads(name)
    (members,) = gc.get_referents(type.__dict__)
    members["__subclasses__"] = _visible_subclasses
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(type))
    for name in list(sys.modules):
        if name.partition(".")[0] in _OURS or is_forbidden(name):
            del sys.modules[name]
    # What is imported from now on is compiled, since bytes may not become code.
    sys.implementation.cache_tag = None  # type: ignore[assignment]
    sys.addaudithook(_hook)
    try:
        _ = lock.__globals__
    except DeniedError:
        return
    raise OSError("this interpreter does not let its functions be locked")


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _REFUSED or event.startswith("ctypes."):
        raise DeniedError(f"{event} is not available to programs")
    if event == "object.__getattr__":
        if arguments[1] in _PRIVATE:
            raise DeniedError(f"{arguments[1]} is not available to programs")
    elif event == "object.__setattr__":
        if arguments[1] == "__code__" or (
            arguments[1] in _DEFAULTS and is_library_function(arguments[0])
        ):
            raise DeniedError(f"{arguments[1]} cannot be set by programs")
    elif event == "import":
        path = arguments[1]
        file = "" if path is None else str.__str__(path).rpartition("/")[2]
        for name in (str.__str__(arguments[0]), file):
            if is_forbidden(name):
                raise ImportError(f"{name} is not available to programs")


def is_forbidden(module: str) -> bool:
    """Whether no program may import a module."""
    return module.startswith(_FORBIDDEN)


def _audit_reads(name: str) -> None:
    """Make it an audit event to read an attribute of a function."""
    descriptor = vars(FunctionType)[name]
    member = ctypes.c_void_p.from_address(id(descriptor) + _MEMBER).value
    if member is None:
        raise OSError("this interpreter does not let its functions be locked")
    flags = ctypes.c_int.from_address(member + _FLAGS)
    flags.value |= _AUDIT_READ


def _visible_subclasses(kind: type) -> list[type]:
    every: list[type] = _all_subclasses(kind)
    return [each for each in every if id(each) not in _hidden]
