"""Closes the ways by which Python code reaches what nobody gave it: frames, the heap, raw memory.

The tests lie in the memory of the program that they judge. Nothing hands them over, so what is left
are the interpreter's own back doors: frames and their callers, the lists of the garbage collector,
`__globals__` and the code of a function of the tests, `ctypes`, code made of bytes, and `exec` as
something that the tests call (`__len__ = functools.partial(exec, ...)` runs in their scope). An
audit hook cannot be taken off again, and refuses them all; an exception in the hook refuses as
well. What the library catches itself (`namedtuple` asks for its caller's frame) goes on as where
there are no frames. What the interpreter does not audit is closed in
`whetstone.rewards.sandbox.together.doors`.

It refuses nothing to who has found a hole in the interpreter itself and writes to its memory. That
is why answers which are plain data stay in the process of the tests.
"""

import ctypes
import gc
import sys
from collections.abc import Collection, Iterable
from types import CodeType, FunctionType
from typing import Any

from whetstone.rewards.sandbox.together.library import is_library_function

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
    {"__builtins__", "__globals__", "ag_code", "ag_frame", "cr_code", "cr_frame"}
    | {"gi_code", "gi_frame", "tb_frame"}
)
_OF_TESTS = frozenset({"__closure__", "__code__", "__defaults__", "__kwdefaults__"})
"""What nobody may read of a function of the tests, or of ours."""
_DEFAULTS = frozenset({"__defaults__", "__kwdefaults__"})
_FORBIDDEN = ("_ctypes", "ctypes", "_interp", "_test", "_xx", "xx")
"""How the names of modules begin that reach raw memory or an interpreter without the hook."""

_OURS = ("whetstone", "ctypes", "_ctypes")

# Fields of CPython's structures, in pointers and bytes: `PyMemberDescrObject.d_member`,
# `PyMemberDef.flags`, and the flag that makes reading a member an audit event.
_MEMBER = 5 * ctypes.sizeof(ctypes.c_void_p)
_FLAGS = 3 * ctypes.sizeof(ctypes.c_void_p)
_AUDIT_READ = 2

_api = ctypes.PyDLL(None)
_api.PyThreadState_Get.restype = ctypes.c_void_p
_frame_of = _api.PyThreadState_GetFrame
"""Gives the running frame without an audit event, which the hook could not ask about itself."""
_frame_of.restype, _frame_of.argtypes = ctypes.py_object, [ctypes.c_void_p]
_globals_of = _api.PyFunction_GetGlobals
"""Gives where the globals of a function lie, without an audit event."""
_globals_of.restype, _globals_of.argtypes = ctypes.c_void_p, [ctypes.py_object]
_thread = ctypes.c_void_p(_api.PyThreadState_Get())

_all_subclasses = type.__subclasses__
_hidden: frozenset[int] = frozenset()
_scopes: set[int] = set()
"""Where the globals of the tests lie, and ours."""
_run_here: set[int] = set()
"""Code that may be run from such a scope: the program and the statements of its tests."""
_readers: set[int] = set()
"""Code of the library that may look at a function of the tests: it tells a flag of it."""


class DeniedError(ValueError, RuntimeError, AttributeError):
    """What the library expects where the interpreter has no such door, whichever it asks for."""


def hide(classes: Iterable[type], scopes: Iterable[dict[str, Any]]) -> None:
    """Say of all classes that there are which ones programs are not to know, and our scopes."""
    global _hidden  # noqa: PLW0603 - it serves one process, once
    _hidden = frozenset(id(c) for c in classes if str(c.__module__).partition(".")[0] in _OURS)
    _scopes.update(map(id, scopes))


def lock(tests: dict[str, Any], run_here: Collection[CodeType]) -> None:
    """Close them all, for good; `tests` is the scope of the tests. Raises `OSError`."""
    _scopes.add(id(tests))
    _run_here.update(map(id, run_here))
    if (inspect := sys.modules.get("inspect")) is not None:
        _readers.add(id(vars(inspect)["_has_code_flag"].__code__))
    for name in ("__globals__", "__builtins__", "__closure__"):
        _audit_reads(name)
    (members,) = gc.get_referents(type.__dict__)
    members["__subclasses__"] = _visible_subclasses
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(type))
    for name in list(sys.modules):
        if name.partition(".")[0] in _OURS or is_forbidden(name):
            del sys.modules[name]
    main = vars(sys.modules["__main__"])  # what started this process, and all of us below it
    for name in [name for name in main if not name.startswith("__")]:
        del main[name]
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
    if event in {"exec", "compile"}:
        if id(arguments[0]) not in _run_here and is_private(_frame_of(_thread).f_back):
            raise DeniedError("the tests run no code of the program in their own scope")
    elif event.startswith("object.__"):
        if _is_refused(event, *arguments[:2]):
            raise DeniedError(f"{arguments[1]} is not available to programs")
    elif event == "import":
        path = arguments[1]
        file = "" if path is None else str.__str__(path).rpartition("/")[2]
        for name in (str.__str__(arguments[0]), file):
            if is_forbidden(name):
                raise ImportError(f"{name} is not available to programs")


def _is_refused(event: str, owner: Any, name: Any = "") -> bool:
    """Whether an attribute that is audited may not be read, set or deleted."""
    if event == "object.__getattr__":
        return name in _PRIVATE or (name in _OF_TESTS and _is_ours(owner))
    return name == "__code__" or (
        name in _DEFAULTS and (is_library_function(owner) or _is_ours(owner))
    )


def is_private(frame: Any) -> bool:
    """Whether a frame is one of the tests, or ours."""
    return frame is None or id(frame.f_globals) in _scopes


def running() -> Any:
    """Return the frame of who asks."""
    return _frame_of(_thread).f_back  # and not its own


def _is_ours(function: Any) -> bool:
    """Whether a function is one of the tests, or ours, and somebody looks into it."""
    return (
        type(function) is FunctionType
        and _globals_of(function) in _scopes
        # Called by `_is_refused`, and that by the hook, whose caller asks.
        and id(running().f_back.f_back.f_back.f_code) not in _readers
    )


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
