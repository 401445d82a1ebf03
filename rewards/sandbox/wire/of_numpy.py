"""Numbers and arrays of numpy, where the sandbox has it: they cross with their types.

An array is a container that both sides share, like a list. Views that share memory with another
array cross as arrays of their own, and neither structured types nor long doubles cross at all.
"""

import math
import re
import sys
from collections.abc import Iterable
from typing import Any

from whetstone.rewards.sandbox.wire.kinds import WireKind, no_change
from whetstone.rewards.sandbox.wire.values import WireError, Write, Writer

_TIMES = "Mm"
_TYPE = re.compile(r"[<>|=][biufcSUOMm]\d{0,5}(\[\d{0,4}[A-Za-z]{1,7}\])?\Z")
_NUMBERS = "?bhilqpBHILQPefdFDMmSU"


def numpy() -> Any:
    """Return numpy as this process has it. Raises `WireError` where it has none."""
    found = sys.modules.get("numpy")
    if found is None:
        raise WireError("there is no numpy")
    return found


def number_writers(module: Any) -> dict[type, tuple[str, Write]]:
    """Return what writes the types of numpy's numbers."""
    return {module.dtype(char).type: ("number", _write_number) for char in _NUMBERS}


def _write_number(wire: Writer, value: Any, depth: int) -> Any:
    kind = value.dtype
    plain = int(value.view("i8")) if kind.kind in _TIMES else value.item()
    return [kind.str, wire.encode(plain, depth)]


def read_number(wire: Writer, content: Any, depth: int) -> Any:
    """Make a number of numpy again."""
    text, encoded = content
    made = numpy().empty(1, _type(text))
    plain = wire.decode(encoded, depth)
    (made.view("i8") if made.dtype.kind in _TIMES else made)[0] = plain
    return made[0]


def array_kind() -> WireKind:
    """Return how arrays cross."""
    base = numpy().ndarray
    return WireKind(
        "ndarray",
        base,
        lambda value: (value.shape, _seen(base, value)),
        lambda value, before: bool((value.shape, _seen(base, value)) == before),
        lambda value: _text_of(value.dtype),
        lambda value: ([*value.shape], base.tolist(_flat(base, value))),
        lambda text: numpy().empty(0, _type(text)),
        _fill,
        no_change,
    )


def _seen(base: Any, value: Any) -> Any:
    """Return what tells whether an array has changed: its bytes, addresses where it has objects."""
    return base.tobytes(value)


def _flat(base: Any, value: Any) -> Any:
    flat = base.ravel(value)
    return flat.view("i8") if flat.dtype.kind in _TIMES else flat


def _fill(value: Any, shape: Iterable[Any], items: Iterable[Any]) -> None:
    wanted, found = tuple(map(int, shape)), list(items)
    if math.prod(wanted) != len(found):
        raise WireError("no array")
    if value.size == 0:
        value.resize(wanted, refcheck=False)  # nobody can hold a part of it
    elif value.size == len(found):
        value.shape = wanted
    else:  # its memory would move, and the tests may hold a view of it
        raise WireError("an array of another size than before")
    flat = numpy().empty(len(found), "i8" if value.dtype.kind in _TIMES else value.dtype)
    for index, item in enumerate(found) if flat.dtype.kind == "O" else ():
        flat[index] = item
    if flat.dtype.kind != "O":
        flat[:] = found
    value[...] = flat.view(value.dtype).reshape(wanted)


def _text_of(kind: Any) -> str:
    text = str(kind.str)
    if not _TYPE.match(text):
        raise WireError(f"an array of {kind}")
    return text


def _type(text: Any) -> Any:
    if type(text) is not str or not _TYPE.match(text):
        raise WireError("no type of numpy")
    return numpy().dtype(text)
