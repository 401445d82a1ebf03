"""Containers that a program and its tests share: how each is watched, written and changed in place.

A container that both can reach exists twice, once in either process, and has to look as if it were
one. So each side remembers what the other one knows of it, a snapshot, and sends what has changed
since. Whether something has changed is decided by identity, element by element: no code of the
program's or the tests' own runs for it, whatever their classes say about equality.
"""

import importlib
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from itertools import compress, count
from operator import is_, is_not
from typing import Any, NamedTuple

PLAIN = frozenset({int, float, str, bool, type(None)})
"""What JSON carries as it is."""

_MANY = 512
"""Above so many plain values, equal ones count as the same: comparing them one by one takes longer
than what programs do with them. So `1` that became `True` in a long list goes unnoticed."""

_LONG_ENOUGH = 32
"""From here on only the part of a container that has changed is sent."""

_NOTHING = object()


class Kind(NamedTuple):
    """A type of container. Its functions use the type's own methods, never those of a subclass."""

    tag: str
    base: type
    snapshot: Callable[[Any], Any]
    is_unchanged: Callable[[Any, Any], bool]
    head: Callable[[Any], Any]
    """What has to be known to make an empty one."""
    parts: Callable[[Any], tuple[Iterable[Any], ...]]
    make: Callable[[Any], Any]
    fill: Callable[..., None]
    change: Callable[[Any, Any], tuple[str, Any, tuple[Iterable[Any], ...]] | None]
    """What has changed, if that is shorter than all: a form, data as it is, values to be written."""


class _PlainList(list[Any]):
    """The snapshot of a long list of plain values."""


def _list_snapshot(value: Any) -> list[Any]:
    if list.__len__(value) > _MANY and PLAIN.issuperset(map(type, list.__iter__(value))):
        return _PlainList(list.__iter__(value))
    return list(list.__iter__(value))


def _same_list(value: Any, before: list[Any]) -> bool:
    if list.__len__(value) != len(before):
        return False
    if type(before) is _PlainList:
        return bool(list.__eq__(value, before))
    return all(map(is_, list.__iter__(value), before))


def _list_change(value: Any, before: list[Any]) -> Any:
    """Say which stretch of a list became which values."""
    length, known = list.__len__(value), len(before)
    shorter = min(length, known)
    if shorter < _LONG_ENOUGH:
        return None
    differs = map(is_not, list.__iter__(value), before)
    start = next(compress(count(), differs), shorter)
    differs = map(is_not, list.__reversed__(value), reversed(before))
    same_end = min(next(compress(count(), differs), shorter), shorter - start)
    stretch = list.__getitem__(value, slice(start, length - same_end))
    return "splice", [start, known - same_end], (stretch,)


def _fill_list(value: Any, items: Iterable[Any]) -> None:
    list.__setitem__(value, slice(None), items)


def _mapping(tag: str, base: type, make: Callable[[Any], Any] | None = None) -> Kind:
    keys: Any = base.__iter__ if base is OrderedDict else dict.__iter__

    def snapshot(value: Any) -> dict[Any, Any]:
        return {key: dict.__getitem__(value, key) for key in keys(value)}

    def is_unchanged(value: Any, before: dict[Any, Any]) -> bool:
        return (
            dict.__len__(value) == len(before)
            and all(map(is_, keys(value), before))
            and all(map(is_, values(value), before.values()))
        )

    def values(value: Any) -> Iterable[Any]:
        if base is OrderedDict:
            return [dict.__getitem__(value, key) for key in keys(value)]
        return dict.values(value)

    def change(value: Any, before: dict[Any, Any]) -> Any:
        """Say which values are new, if the keys that were known are still the first ones."""
        if len(before) < _LONG_ENOUGH or not PLAIN.issuperset(map(type, before)):
            return None
        if dict.__len__(value) < len(before) or not all(map(is_, before, keys(value))):
            return None
        changed = [
            (key, now)
            for key, now in zip(keys(value), values(value), strict=True)
            if type(key) not in PLAIN or before.get(key, _NOTHING) is not now
        ]
        return "update", None, ([k for k, _ in changed], [v for _, v in changed])

    def fill(value: Any, names: Iterable[Any], contents: Iterable[Any]) -> None:
        pairs = list(zip(names, contents, strict=True))
        base.clear(value)  # type: ignore[attr-defined]
        update(value, pairs)

    def update(value: Any, pairs: Iterable[tuple[Any, Any]]) -> None:
        if base is OrderedDict:
            for name, content in pairs:
                OrderedDict.__setitem__(value, name, content)
        else:
            dict.update(value, pairs)

    return Kind(
        tag,
        base,
        snapshot if base is OrderedDict else lambda value: dict(dict.items(value)),
        is_unchanged,
        (lambda value: value.default_factory) if base is defaultdict else _no_head,
        lambda value: (list(keys(value)), values(value)),
        make or (lambda _: base()),
        fill,
        change,
    )


def _no_head(_: Any) -> None:
    return None


def _no_change(_: Any, __: Any) -> None:
    return None


def _same_set(value: Any, before: dict[int, Any]) -> bool:
    ids = map(id, set.__iter__(value))
    return set.__len__(value) == len(before) and all(map(before.__contains__, ids))


def _fill_set(value: Any, items: Iterable[Any]) -> None:
    found = list(items)
    set.clear(value)
    set.update(value, found)


def _fill_deque(value: Any, items: Iterable[Any]) -> None:
    found = list(items)
    if value.maxlen is not None and len(found) > value.maxlen:
        raise ValueError("no deque")
    deque.clear(value)
    deque.extend(value, found)


def _make_deque(most: Any) -> deque[Any]:
    return deque([], most)


def _make_defaultdict(factory: Any) -> Any:
    """Make one whose factory makes plain values, or is of the other side: then that is asked."""
    if isinstance(factory, type) and factory.__module__ == "builtins" and factory not in _FACTORIES:
        raise ValueError("no factory")
    return defaultdict(factory)


_FACTORIES = frozenset({bool, complex, dict, float, frozenset, int, list, set, str, tuple})


def _same_items(iterate: Callable[[Any], Iterable[Any]]) -> Callable[[Any, Any], bool]:
    def is_unchanged(value: Any, before: list[Any]) -> bool:
        now = list(iterate(value))
        return len(now) == len(before) and all(map(is_, now, before))

    return is_unchanged


def _fill_bytes(value: Any, items: Iterable[Any]) -> None:
    (text,) = items
    bytearray.__setitem__(value, slice(None), bytes.fromhex(text))


KINDS: dict[type, Kind] = {
    list: Kind(
        "l",
        list,
        _list_snapshot,
        _same_list,
        _no_head,
        lambda value: (list.__iter__(value),),
        lambda _: [],
        _fill_list,
        _list_change,
    ),
    dict: _mapping("d", dict),
    set: Kind(
        "s",
        set,
        lambda value: {id(item): item for item in set.__iter__(value)},
        _same_set,
        _no_head,
        lambda value: (set.__iter__(value),),
        lambda _: set(),
        _fill_set,
        _no_change,
    ),
    deque: Kind(
        "q",
        deque,
        lambda value: list(deque.__iter__(value)),
        _same_items(deque.__iter__),
        lambda value: value.maxlen,
        lambda value: (deque.__iter__(value),),
        _make_deque,
        _fill_deque,
        _no_change,
    ),
    Counter: _mapping("C", Counter),
    OrderedDict: _mapping("O", OrderedDict),
    defaultdict: _mapping("dd", defaultdict, _make_defaultdict),
    bytearray: Kind(
        "B",
        bytearray,
        bytes,
        lambda value, before: bool(bytearray.__eq__(value, before)),
        _no_head,
        lambda value: ([bytearray.hex(value)],),
        lambda _: bytearray(),
        _fill_bytes,
        _no_change,
    ),
}


def kind_of(value: type) -> Kind | None:
    """Return what is known of exactly this type of container, of the rare ones too."""
    kind = KINDS.get(value)
    if kind is None and value.__name__ in _RARE.get(value.__module__, ()):
        module = sys.modules.get(value.__module__)
        if getattr(module, value.__name__, None) is value:  # and not a program's, called so
            kind = KINDS[value] = _rare_kind(value)
    return kind


_RARE = {
    "array": {"array"},
    "types": {"SimpleNamespace"},
    "collections": {"UserDict", "UserList", "UserString"},
    "random": {"Random"},
}


def _rare_kind(base: type) -> Kind:
    if base.__name__ == "array":
        return _array(base)
    if base.__name__ == "SimpleNamespace":
        return _namespace(base)
    if base.__name__ == "Random":
        return _generator(base)
    return _wrapper(base)


def _array(base: Any) -> Kind:
    def fill(value: Any, items: Iterable[Any]) -> None:
        value[:] = base(value.typecode, list(items))

    return Kind(
        "A",
        base,
        bytes,
        lambda value, before: bool(value.tobytes() == before),
        lambda value: value.typecode,
        lambda value: (value.tolist(),),
        base,
        fill,
        _no_change,
    )


def _namespace(base: Any) -> Kind:
    inner = _mapping("N", dict)

    def fill(value: Any, names: Iterable[Any], contents: Iterable[Any]) -> None:
        inner.fill(vars(value), map(str, names), contents)

    return inner._replace(
        base=base,
        snapshot=lambda value: dict(vars(value)),
        is_unchanged=lambda value, before: inner.is_unchanged(vars(value), before),
        parts=lambda value: inner.parts(vars(value)),
        make=lambda _: base(),
        fill=fill,
        change=_no_change,
    )


def _generator(base: Any) -> Kind:
    """Take a generator of random numbers: what it will draw next."""

    def fill(value: Any, items: Iterable[Any]) -> None:
        (state,) = items
        value.setstate(state)

    return Kind(
        "G",
        base,
        base.getstate,
        lambda value, before: bool(value.getstate() == before),
        _no_head,
        lambda value: ([value.getstate()],),
        lambda _: base(0),
        fill,
        _no_change,
    )


def _wrapper(base: Any) -> Kind:
    """Take a class of the library that keeps all of its contents in `data`."""

    def fill(value: Any, items: Iterable[Any]) -> None:
        (value.data,) = items

    return Kind(
        base.__name__,
        base,
        lambda value: value.data,
        lambda value, before: value.data is before,
        _no_head,
        lambda value: ([value.data],),
        lambda _: base(()) if base.__name__ == "UserString" else base(),
        fill,
        _no_change,
    )


_MODULES = {"A": "array", "N": "types", "G": "random"}
_NAMES = {"A": "array", "N": "SimpleNamespace", "G": "Random"}
_BY_TAG = {kind.tag: kind for kind in KINDS.values()}


def kind_of_tag(tag: Any) -> Kind | None:
    """Find a type of container by its tag."""
    if tag in _BY_TAG or tag not in {*_NAMES, *_RARE["collections"]}:
        return _BY_TAG.get(tag)
    module = importlib.import_module(_MODULES.get(tag, "collections"))
    kind = _BY_TAG[tag] = kind_of(getattr(module, _NAMES.get(tag, tag)))
    return kind
