"""Values of the library that cannot change: how each is written as JSON and made again.

Both sides know these types, so nothing of a program is needed to make one, and none of its code
runs. Rare modules are imported with their first value: every library that a zygote holds makes
every fork dearer.
"""

import builtins
import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol

CATCH_ALL = frozenset({"AssertionError", "Exception", "BaseException"})
"""Types that each side resolves: `except` of one of them would hide a failed test."""

_SMALL = 1 << 63
_KEYS: type = type({}.keys())
_VALUES: type = type({}.values())
_ITEMS: type = type({}.items())


class WireError(Exception):
    """A value that does not fit the wire, or bytes that are no value."""


class Writer(Protocol):
    """What writes the parts of a value, and reads them."""

    def encode(self, value: Any, depth: int) -> Any: ...  # noqa: D102

    def decode(self, data: Any, depth: int = 0) -> Any: ...  # noqa: D102


Write = Callable[[Writer, Any, int], Any]
Read = Callable[[Writer, Any, int], Any]


def _items(wire: Writer, value: Iterable[Any], depth: int) -> list[Any]:
    return [wire.encode(item, depth) for item in value]


def _decoded(wire: Writer, content: Any, depth: int) -> list[Any]:
    if type(content) is not list:
        raise WireError("no value")
    return [wire.decode(item, depth) for item in content]


def _text(form: Callable[[Any], Any]) -> Write:
    return lambda _, value, __: form(value)


def _made(build: Callable[[Any], Any]) -> Read:
    return lambda _, content, __: build(content)


def _sequence(build: Callable[[Any], Any]) -> Read:
    return lambda wire, content, depth: build(_decoded(wire, content, depth))


def _pairs(value: Any) -> list[Any]:
    return [part for pair in value for part in pair]


def _read_items(wire: Writer, content: Any, depth: int) -> Any:
    flat = iter(_decoded(wire, content, depth))
    return dict(zip(flat, flat, strict=True)).items()


def _range(content: Any) -> range:
    decoded = range(*(int(part, 16) for part in content))
    if max(map(abs, (decoded.start, decoded.stop, decoded.step))) >= _SMALL:
        raise WireError("a range out of bounds")
    return decoded


def _builtin(name: Any) -> Any:
    found = _OTHERS.get(name)
    if found is None:
        found = getattr(builtins, name)
        if type(found) is not type or name in CATCH_ALL:
            raise WireError("no type")
    return found


_OTHERS = {"NotImplemented": NotImplemented, "Ellipsis": ..., "NoneType": type(None)}

WRITERS: dict[type, tuple[str, Write]] = {
    frozenset: ("f", _items),
    _KEYS: ("keys", _items),
    _VALUES: ("values", _items),
    _ITEMS: ("items", lambda wire, value, depth: _items(wire, _pairs(value), depth)),
    range: ("r", _text(lambda v: [hex(v.start), hex(v.stop), hex(v.step)])),
    complex: ("c", _text(lambda v: [v.real, v.imag])),
    bytes: ("b", _text(bytes.hex)),
    slice: ("slice", lambda wire, v, depth: _items(wire, (v.start, v.stop, v.step), depth)),
    type(NotImplemented): ("T", _text(lambda _: "NotImplemented")),
    type(...): ("T", _text(lambda _: "Ellipsis")),
}

READERS: dict[str, Read] = {
    "I": _made(lambda text: int(text, 16)),
    "T": _made(_builtin),
    "t": _sequence(tuple),
    "f": _sequence(frozenset),
    "keys": _sequence(lambda items: dict.fromkeys(items).keys()),
    "values": _sequence(lambda items: dict(enumerate(items)).values()),
    "items": _read_items,
    "r": _made(_range),
    "c": _made(lambda parts: complex(*parts)),
    "b": _made(bytes.fromhex),
    "slice": _sequence(lambda parts: slice(*parts)),
}


def writer_of(value: Any, kind: type) -> tuple[str, Write] | None:
    """Return the tag of a value of the library and what writes it."""
    found = WRITERS.get(kind)
    if found is not None:
        return found
    if kind is type:
        name = _OTHERS_BY_TYPE.get(value) or str(getattr(value, "__name__", ""))
        if name == "NoneType" or vars(builtins).get(name) is value:
            return "E" if name in CATCH_ALL else "T", _text(lambda _: name)
        return None
    if kind.__module__ in _RARE_MODULES:
        return _rare(_RARE_MODULES[kind.__module__]).get(kind)
    return None


_OTHERS_BY_TYPE = {type(None): "NoneType"}
_RARE_MODULES = {
    "decimal": "decimal",
    "fractions": "fractions",
    "datetime": "datetime",
    "uuid": "uuid",
    "pathlib": "pathlib",
    "re": "re",
    "ipaddress": "ipaddress",
    "types": "types",
    "typing": "typing",
    "numpy": "numpy",
}
"""Module of a type, and the one from which it is imported."""


def reader_of(tag: str) -> Read | None:
    """Return what reads the values with a tag."""
    found = READERS.get(tag)
    if found is None and tag in _RARE_READERS:
        return _RARE_READERS[tag]
    return found


@functools.cache
def _rare(name: str) -> dict[type, tuple[str, Write]]:
    module = importlib.import_module(name)
    if name in {"pathlib", "ipaddress"}:
        return {
            getattr(module, kind): (name, _text(lambda v: [type(v).__name__, str(v)]))
            for kind in _BY_TEXT[name]
        }
    return _RARE_WRITERS[name](module)


_BY_TEXT = {
    "pathlib": ["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"],
    "ipaddress": [f"IPv{n}{part}" for n in (4, 6) for part in ("Address", "Network", "Interface")],
}


def _by_text(module: str) -> Read:
    def read(_: Writer, content: Any, __: int) -> Any:
        kind, text = content
        if kind not in _BY_TEXT[module] or type(text) is not str:
            raise WireError("no value")
        return getattr(importlib.import_module(module), kind)(text)

    return read


def make_namedtuple(name: str, fields: Iterable[str]) -> Any:
    """Make the class of a namedtuple."""
    return _of("collections", "namedtuple")(name, fields)


def _of(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _write_time(wire: Writer, value: Any, depth: int) -> Any:
    """Write a time of day. Of a zone with rules only the present offset crosses."""
    zone = value.tzinfo
    if zone is not None and type(zone) is not _of("datetime", "timezone"):
        offset = value.utcoffset()
        zone = None if offset is None else _of("datetime", "timezone")(offset, value.tzname())
    text = value.replace(tzinfo=None).isoformat()
    return [text, value.fold, wire.encode(zone, depth)]


def _write_zone(wire: Writer, value: Any, depth: int) -> Any:
    return [wire.encode(value.utcoffset(None), depth), value.tzname(None)]


def _read_zone(wire: Writer, content: Any, depth: int) -> Any:
    offset, name = content
    return _of("datetime", "timezone")(wire.decode(offset, depth), str(name))


def _write_generic(wire: Writer, value: Any, depth: int) -> Any:
    """Write a type such as `list[int]`: what it is made of."""
    return [wire.encode(value.__origin__, depth), wire.encode(value.__args__, depth)]


def _read_generic(wire: Writer, content: Any, depth: int) -> Any:
    origin, arguments = (wire.decode(part, depth) for part in content)
    return _of("types", "GenericAlias")(origin, arguments)


def _read_union(wire: Writer, content: Any, depth: int) -> Any:
    return functools.reduce(lambda left, right: left | right, _decoded(wire, content, depth))


def _write_typing(wire: Writer, value: Any, depth: int) -> Any:
    name = getattr(value, "_name", None) or getattr(value, "__name__", "Union")
    arguments = getattr(value, "__args__", None)
    return [str(name), None if arguments is None else wire.encode(tuple(arguments), depth)]


def _read_typing(wire: Writer, content: Any, depth: int) -> Any:
    name, encoded = content
    typing = importlib.import_module("typing")
    if name not in typing.__all__:
        raise WireError("no type")
    arguments = wire.decode(encoded, depth)
    if name == "Optional":
        arguments = arguments[0]
    return getattr(typing, name) if encoded is None else getattr(typing, name)[arguments]


def _read_pattern(wire: Writer, content: Any, depth: int) -> Any:
    pattern, flags = content
    try:
        return _of("re", "compile")(wire.decode(pattern, depth), flags)
    except _of("re", "error") as error:
        raise WireError("no pattern") from error


def _of_numpy() -> Any:
    """Return the module for numpy's types, which knows this one."""
    return importlib.import_module("whetstone.rewards.sandbox.wire.of_numpy")


_RARE_WRITERS: dict[str, Callable[[Any], dict[type, tuple[str, Write]]]] = {
    "numpy": lambda m: _of_numpy().number_writers(m),
    "decimal": lambda m: {m.Decimal: ("D", _text(str))},
    "fractions": lambda m: {
        m.Fraction: ("F", _text(lambda v: [hex(v.numerator), hex(v.denominator)]))
    },
    "datetime": lambda m: {
        m.datetime: ("datetime", _write_time),
        m.date: ("date", _text(m.date.isoformat)),
        m.time: ("time", _write_time),
        m.timedelta: ("delta", _text(lambda v: [v.days, v.seconds, v.microseconds])),
        m.timezone: ("zone", _write_zone),
    },
    "uuid": lambda m: {m.UUID: ("uuid", _text(lambda v: v.hex))},
    "re": lambda m: {m.Pattern: ("re", lambda w, v, d: [w.encode(v.pattern, d), v.flags])},
    "types": lambda m: {
        m.GenericAlias: ("generic", _write_generic),
        m.UnionType: ("union", lambda w, v, d: _items(w, v.__args__, d)),
        m.MappingProxyType: ("mapping", lambda w, v, d: w.encode(dict(v), d)),
    },
    "typing": lambda m: (
        {
            type(form): ("typing", _write_typing)
            for form in (
                m.List,
                m.List[int],
                m.Optional[int],
                m.Any,
                m.Callable,
                m.Callable[[], int],
            )
        }
        | {type(m.Union): ("typing", _write_typing), type(m.Literal[1]): ("typing", _write_typing)}
    ),
}


def _with_zone(kind: str) -> Read:
    def read(wire: Writer, content: Any, depth: int) -> Any:
        text, fold, zone = content
        plain = _of("datetime", kind).fromisoformat(text)
        return plain.replace(tzinfo=wire.decode(zone, depth), fold=fold)

    return read


_RARE_READERS: dict[str, Read] = {
    "number": lambda wire, content, depth: _of_numpy().read_number(wire, content, depth),
    "D": lambda _, text, __: _of("decimal", "Decimal")(text),
    "F": _made(lambda parts: _of("fractions", "Fraction")(int(parts[0], 16), int(parts[1], 16))),
    "datetime": _with_zone("datetime"),
    "date": _made(lambda text: _of("datetime", "date").fromisoformat(text)),
    "time": _with_zone("time"),
    "delta": _made(lambda parts: _of("datetime", "timedelta")(*parts)),
    "zone": _read_zone,
    "uuid": _made(lambda text: _of("uuid", "UUID")(hex=text)),
    "pathlib": _by_text("pathlib"),
    "ipaddress": _by_text("ipaddress"),
    "re": _read_pattern,
    "generic": _read_generic,
    "union": _read_union,
    "mapping": lambda wire, content, depth: _of("types", "MappingProxyType")(
        wire.decode(content, depth)
    ),
    "typing": _read_typing,
}
