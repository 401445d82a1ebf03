"""Values as tagged JSON: all that a program and its tests ever know of each other.

Only data of the library's own types crosses, rebuilt from its parts on the far side: a subclass of
`int` that equals everything arrives as an `int`. Whatever is no data stays where it is and crosses
as a handle, which each side makes and resolves in its own way; so does an instance of a subclass of
a container that has methods of its own, since its contents are not all of it. Refuses pickle, and
bounds depth and ranges, since the sender may be hostile.

A value without a tag is None, a bool, a small int, a float, a str or a list. All others are objects
with one key, the tag.
"""

import builtins
import functools
import importlib
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from itertools import repeat
from types import FunctionType
from typing import Any

PROGRAM = "solution"
"""The module of the classes that a program defines."""

MAX_DEPTH = 100
_SMALL = 1 << 63

_KEYS: type = type({}.keys())
_VALUES: type = type({}.values())
_ITEMS: type = type({}.items())

Hold = Callable[[Any], dict[str, Any]]
"""Makes the tagged handle of an object that cannot cross."""
Resolve = Callable[[str, Any], Any]
"""Finds the object of a tagged handle, or raises `WireError`."""


class WireError(Exception):
    """A value that does not fit the wire, or bytes that are no value."""


def encode(value: Any, hold: Hold, depth: int = 0) -> Any:  # noqa: C901, PLR0911 - a table in order
    """Return the JSON form of a value. Raises `WireError` if it is nested too deeply."""
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is float:
        return value
    if kind is int:
        return value if -_SMALL <= value < _SMALL else {"I": hex(value)}
    if depth > MAX_DEPTH:
        raise WireError("a value is nested too deeply")
    if kind is list:
        return [encode(item, hold, depth + 1) for item in value]
    encoder = _EXACT.get(kind)
    if encoder is not None:
        return encoder(value, hold, depth + 1)
    if kind is FunctionType:
        return hold(value)
    if kind.__module__ in _RARE and (encoder := _rare_types().get(kind)):
        return encoder(value, hold, depth + 1)
    if kind is type and vars(builtins).get(name := str(getattr(value, "__name__", ""))) is value:
        return {"E" if name in _CATCH_ALL else "T": name}
    for base, plain in _BASES:
        if isinstance(value, base):
            if base in _CONTAINERS and (fields := _field_names(kind)) is not None:
                return {"n": [kind.__name__, fields, encode(list(plain(value)), hold, depth)]}
            if base in _CONTAINERS and _has_methods(kind):
                return hold(value)
            return encode(plain(value), hold, depth)
    return hold(value)


def _field_names(kind: type) -> list[str] | None:
    """Return the fields of a namedtuple that has nothing else; None for other types."""
    fields = getattr(kind, "_fields", None)
    if not issubclass(kind, tuple) or type(fields) is not tuple or _has_methods(kind):
        return None
    names = list(fields)
    return names if _are_plain([kind.__name__, *names]) else None


def _are_plain(names: list[Any]) -> bool:
    """Whether names may stand in the source that `namedtuple` builds: Unicode may fold into it."""
    return len(names) <= _MOST_NAMES and all(
        type(name) is str and name.isascii() and name.isidentifier() and name[0] != "_"
        for name in names
    )


_MOST_NAMES = 100


def _has_methods(kind: type) -> bool:
    """Whether a subclass of a container, made by the program, behaves in ways of its own."""
    for owner in kind.__mro__:
        if owner.__module__ != PROGRAM:
            continue
        for name, value in vars(owner).items():
            if isinstance(value, _METHODS) and (name in _BEHAVIOUR or not name.startswith("_")):
                return True
    return False


_METHODS = (FunctionType, classmethod, staticmethod, property)
_BEHAVIOUR = frozenset(
    {"__call__", "__contains__", "__getitem__", "__iter__", "__len__", "__next__", "__setitem__"}
)
"""What makes a subclass more than its contents, beside methods with plain names."""


def _sequence(tag: str) -> Callable[[Any, Hold, int], Any]:
    return lambda value, hold, depth: {tag: [encode(item, hold, depth) for item in value]}


def _pairs(tag: str) -> Callable[[Any, Hold, int], Any]:
    def encoder(value: Any, hold: Hold, depth: int) -> Any:
        items = value if tag == "items" else value.items()
        return {tag: [[encode(k, hold, depth), encode(v, hold, depth)] for k, v in items]}

    return encoder


def _deque(value: Any, hold: Hold, depth: int) -> Any:
    items = [encode(item, hold, depth) for item in value]
    return {"q": items} if value.maxlen is None else {"Q": [value.maxlen, items]}


def _defaultdict(value: Any, hold: Hold, depth: int) -> Any:
    """Write a factory, which may be a handle, in front of the keys."""
    items = [[encode(k, hold, depth), encode(v, hold, depth)] for k, v in value.items()]
    return {"dd": [[encode(value.default_factory, hold, depth), None], *items]}


def _text(tag: str, form: Callable[[Any], Any]) -> Callable[[Any, Hold, int], Any]:
    return lambda value, _hold, _depth: {tag: form(value)}


_EXACT: dict[type, Callable[[Any, Hold, int], Any]] = {
    tuple: _sequence("t"),
    dict: _pairs("d"),
    set: _sequence("s"),
    frozenset: _sequence("f"),
    deque: _deque,
    Counter: _pairs("C"),
    OrderedDict: _pairs("O"),
    defaultdict: _defaultdict,
    _KEYS: _sequence("keys"),
    _VALUES: _sequence("values"),
    _ITEMS: _pairs("items"),
    range: _text("r", lambda v: [hex(v.start), hex(v.stop), hex(v.step)]),
    complex: _text("c", lambda v: [v.real, v.imag]),
    bytes: _text("b", bytes.hex),
    bytearray: _text("B", bytearray.hex),
    type(NotImplemented): _text("T", lambda _: "NotImplemented"),
    type(...): _text("T", lambda _: "Ellipsis"),
}

# Modules that few programs use: imported with the first such value, since every library that a
# zygote holds makes every fork dearer.
_RARE = frozenset({"decimal", "fractions", "datetime"})


@functools.cache
def _rare_types() -> dict[type, Callable[[Any, Hold, int], Any]]:
    dt = importlib.import_module("datetime")
    return {
        _rare("decimal", "Decimal"): _text("D", str),
        _rare("fractions", "Fraction"): _text(
            "F", lambda v: [hex(v.numerator), hex(v.denominator)]
        ),
        dt.datetime: _text("datetime", dt.datetime.isoformat),
        dt.date: _text("date", dt.date.isoformat),
        dt.time: _text("time", dt.time.isoformat),
        dt.timedelta: _text("delta", lambda v: [v.days, v.seconds, v.microseconds]),
    }


def _rare(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


# What a subclass is stripped to. The base's own methods do it, so that none of the subclass runs.
_BASES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (dict, lambda v: dict(dict.items(v))),
    (tuple, lambda v: tuple(tuple.__iter__(v))),
    (list, lambda v: list(list.__iter__(v))),
    (set, lambda v: set(set.__iter__(v))),
    (frozenset, lambda v: frozenset(frozenset.__iter__(v))),
    (deque, lambda v: deque(deque.__iter__(v))),
    (int, int.__index__),
    (float, float.__float__),
    (str, str.__str__),
    (bytes, lambda v: bytes.__getitem__(v, slice(None))),
)


_CONTAINERS = frozenset({dict, tuple, list, set, frozenset, deque})


def decode(data: Any, resolve: Resolve, depth: int = 0) -> Any:  # noqa: C901 - a table in order
    """Rebuild a value. Raises `WireError` for anything that `encode` does not write."""
    kind = type(data)
    if kind is list:
        if depth > MAX_DEPTH:
            raise WireError("a value is nested too deeply")
        return [decode(item, resolve, depth + 1) for item in data]
    if kind is not dict:
        return data
    if len(data) != 1 or depth > MAX_DEPTH:
        raise WireError("no value")
    ((tag, content),) = data.items()
    decoder = _DECODERS.get(tag)
    try:
        if decoder is not None:
            return decoder(content)
        builder = _BUILDERS.get(tag)
        if builder is None:
            return resolve(tag, content)
        head = []
        if tag in _WITH_HEAD:
            *head, content = content
        if type(content) is not list:
            raise WireError("no value")
        if tag in _OF_PAIRS:
            items = _decode_pairs(content, resolve, depth + 1)
        else:
            items = map(decode, content, repeat(resolve), repeat(depth + 1))
        return builder(items, *head)
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise WireError(f"no value: {type(error).__name__}") from error


def _decode_pairs(content: Any, resolve: Resolve, depth: int) -> Iterable[tuple[Any, Any]]:
    return ((decode(k, resolve, depth), decode(v, resolve, depth)) for k, v in content)


def _build_defaultdict(pairs: Iterable[Any]) -> Any:
    """Make one whose factory makes plain values, or is of the other side: then that is asked."""
    (factory, _), *items = pairs
    if isinstance(factory, type) and factory.__module__ == "builtins" and factory not in _FACTORIES:
        raise WireError("no factory")
    return defaultdict(factory, items)


_FACTORIES = frozenset({bool, complex, dict, float, frozenset, int, list, set, str, tuple})


def _build_deque(items: Iterable[Any], most: Any) -> Any:
    values = list(items)
    if type(most) is not int or len(values) > most:
        raise WireError("no deque")
    return deque(values, most)


def _build_namedtuple(items: Iterable[Any], name: Any, fields: Any) -> Any:
    if type(fields) is not list or not _are_plain([name, *fields]):
        raise WireError("no namedtuple")
    return _namedtuple(name, tuple(fields))._make(items)


@functools.lru_cache(maxsize=64)
def _namedtuple(name: str, fields: tuple[str, ...]) -> Any:
    """Make the class once: two results of a program then have the same type."""
    return namedtuple(name, fields)  # noqa: PYI024 - its fields are not known beforehand


_OF_PAIRS = frozenset({"d", "items", "C", "O", "dd"})
_WITH_HEAD = frozenset({"Q", "n"})

_BUILDERS: dict[str, Callable[..., Any]] = {
    "t": tuple,
    "d": dict,
    "s": set,
    "f": frozenset,
    "q": deque,
    "Q": _build_deque,
    "C": lambda pairs: Counter(dict(pairs)),
    "O": OrderedDict,
    "dd": _build_defaultdict,
    "n": _build_namedtuple,
    "keys": lambda items: dict.fromkeys(items).keys(),
    "values": lambda items: dict(enumerate(items)).values(),
    "items": lambda pairs: dict(pairs).items(),
}


def _range(content: Any) -> range:
    decoded = range(*(int(part, 16) for part in content))
    if max(map(abs, (decoded.start, decoded.stop, decoded.step))) >= _SMALL:
        raise WireError("a range out of bounds")
    return decoded


def _builtin(name: Any) -> Any:
    found = getattr(builtins, name)
    if name in {"NotImplemented", "Ellipsis"}:
        return found
    if type(found) is not type or name in _CATCH_ALL:
        raise WireError("no type")
    return found


_CATCH_ALL = frozenset({"AssertionError", "Exception", "BaseException"})
"""Types that each side resolves: `except` of one of them would hide a failed test."""


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "I": lambda text: int(text, 16),
    "T": _builtin,
    "r": _range,
    "c": lambda parts: complex(*parts),
    "b": bytes.fromhex,
    "B": bytearray.fromhex,
    "D": lambda text: _rare("decimal", "Decimal")(text),  # noqa: PLW0108 - imports it late
    "F": lambda parts: _rare("fractions", "Fraction")(int(parts[0], 16), int(parts[1], 16)),
    "datetime": lambda text: _rare("datetime", "datetime").fromisoformat(text),
    "date": lambda text: _rare("datetime", "date").fromisoformat(text),
    "time": lambda text: _rare("datetime", "time").fromisoformat(text),
    "delta": lambda parts: _rare("datetime", "timedelta")(*parts),
}
