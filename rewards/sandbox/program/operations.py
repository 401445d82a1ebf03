"""What tests can do with an object of a program, by the names under which they ask for it."""

import builtins
import copy
import math
import operator
import types
from collections.abc import Callable
from typing import Any

from whetstone.rewards.sandbox import event_loop
from whetstone.rewards.sandbox.wire.codec import PROGRAM


class EqualsAllError(Exception):
    """An object says that it equals what it has never seen."""


class _Stranger:
    """What no object of a program equals."""

    __slots__ = ()


_STRANGER = _Stranger()


def _equal(left: Any, right: Any) -> Any:
    """Compare two objects of the program, and make sure that the answer means something."""
    answer = left == right
    own = getattr(type(left).__eq__, "__module__", "") == PROGRAM
    if own and answer is not NotImplemented and answer and _equals_a_stranger(left):
        raise EqualsAllError("an object of the program says that it equals anything")
    return answer


def _equals_a_stranger(value: Any) -> bool:
    try:
        return bool(value == _STRANGER)
    except Exception:  # noqa: BLE001 - the program's own code, which was not made for strangers
        return False


def _subscript(kind: Any, item: Any) -> tuple[bool, Any]:
    """Return whether a subscript of a class only says what the class is used for, and what else."""
    found = kind[item]
    origin = getattr(found, "__origin__", None)
    return (True, None) if origin is kind else (False, found)


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    plain = getattr(operator, name, None) or getattr(builtins, name)
    return lambda right, left: plain(left, right)


def _method(name: str) -> Callable[..., Any]:
    return lambda target, *arguments: getattr(type(target), name)(target, *arguments)


_UNARY = ("neg", "pos", "invert", "abs", "index")
_BINARY = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "matmul"),
    *("and_", "or_", "xor", "lshift", "rshift", "pow"),
)
_IN_PLACE = tuple("i" + name.rstrip("_") for name in _BINARY)
_COMPARE = ("lt", "le", "gt", "ge", "ne")

OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in (*_UNARY, *_BINARY, *_IN_PLACE, *_COMPARE)},
    **{"r" + name.rstrip("_"): _reflected(name) for name in (*_BINARY, "divmod")},
    "eq": _equal,
    "divmod": divmod,
    "len": len,
    "str": str,
    "repr": repr,
    "format": format,
    "dir": dir,
    "iter": iter,
    "reversed": reversed,
    "length_hint": operator.length_hint,
    "getitem": operator.getitem,
    "subscript": _subscript,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "contains": operator.contains,
    "missing": _method("__missing__"),
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "round": round,
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "bytes": bytes,
    "fspath": _method("__fspath__"),
    "hash": hash,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "enter": _method("__enter__"),
    "await": event_loop.result_of,
    "aiter": aiter,
    "anext": lambda target: event_loop.result_of(anext(target)),
    "aenter": lambda target: event_loop.result_of(type(target).__aenter__(target)),
    "isinstance": lambda kind, instance: isinstance(instance, kind),
    "issubclass": lambda kind, subclass: issubclass(subclass, kind),
}


def code_of(function: types.FunctionType) -> dict[str, Any]:
    """Return what tests can see of the code of a function; of its constants only the plain ones."""
    code = function.__code__
    found = {name: getattr(code, name) for name in _CODE}
    plain = (int, float, str, bool, type(None))
    found["co_consts"] = tuple(value for value in code.co_consts if isinstance(value, plain))
    return found


_CODE = (
    *("co_name", "co_qualname", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount"),
    *("co_nlocals", "co_flags", "co_names", "co_varnames", "co_freevars", "co_cellvars"),
    *("co_stacksize", "co_firstlineno"),
)
