"""Containers that a program and its tests share: how each is watched, written and changed in place.

A container that both can reach exists twice, once in either process, and has to look as if it were
one. So each side remembers what the other one knows of it, a snapshot, and sends what has changed
since. Whether something has changed is decided by identity, element by element: no code of the
program's or the tests' own runs for it, whatever their classes say about equality.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from itertools import compress, count
from operator import is_, is_not
from typing import Any, NamedTuple

PLAIN = frozenset({int, float, str, bool, type(None)})
"""What JSON carries as it is."""

_MANY = 512
"""Above so many plain values, equal ones count as the same, so that a `1` that became `True` goes
unnoticed: to compare them one by one takes longer than what programs do with them."""

_LONG_ENOUGH = 32
"""From here on only the part of a container that has changed is sent."""


class WireKind(NamedTuple):
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
    """What has changed, if that is shorter than all: a form, plain data, values to be written."""


class WireEntry:
    """A container that exists on both sides, and how the other side knows it."""

    __slots__ = ("before", "kind", "value", "weight")

    def __init__(self, value: Any, kind: WireKind) -> None:
        self.value = value
        self.kind = kind
        self.before: Any = None
        length = getattr(kind.base, "__len__", None)
        try:
            self.weight = 1 if length is None else 1 + length(value)
        except TypeError:  # an array without dimensions
            self.weight = 1

    def remember(self) -> None:
        """Take what it holds now for what both sides know."""
        self.before = self.kind.snapshot(self.value)


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


class _Mapping:
    """How a type of dictionaries is handled. Its snapshot is two lists: nothing is hashed."""

    def __init__(self, base: Any) -> None:
        own = base is OrderedDict  # which has an order of its own
        self._base = base
        self._keys: Any = OrderedDict.__iter__ if own else dict.__iter__
        self._values: Any = OrderedDict.values if own else dict.values

    def parts(self, value: Any) -> tuple[list[Any], list[Any]]:
        return list(self._keys(value)), list(self._values(value))

    def is_unchanged(self, value: Any, before: tuple[list[Any], list[Any]]) -> bool:
        names, contents = before
        return (
            dict.__len__(value) == len(names)
            and all(map(is_, self._keys(value), names))
            and all(map(is_, self._values(value), contents))
        )

    def change(self, value: Any, before: tuple[list[Any], list[Any]]) -> Any:
        """Say which values are new, if the keys that were known are still the first ones."""
        known = len(before[0])
        names, contents = self.parts(value)
        if known < _LONG_ENOUGH or len(names) < known or not all(map(is_, before[0], names)):
            return None
        changed = [n for n, content in enumerate(before[1]) if content is not contents[n]]
        changed += range(known, len(names))
        return "update", None, ([names[n] for n in changed], [contents[n] for n in changed])

    def fill(self, value: Any, names: Iterable[Any], contents: Iterable[Any]) -> None:
        pairs = list(zip(names, contents, strict=True))
        self._base.clear(value)
        for name, content in pairs:
            self._base.__setitem__(value, name, content)


def mapping(tag: str, base: type, make: Callable[[Any], Any] | None = None) -> WireKind:
    """Return the kind of a type of dictionaries."""
    its = _Mapping(base)
    return WireKind(
        tag,
        base,
        its.parts,
        its.is_unchanged,
        (lambda value: value.default_factory) if base is defaultdict else no_head,
        its.parts,
        make or (lambda _: base()),
        its.fill,
        its.change,
    )


def no_head(_: Any) -> None:
    """Need nothing to make an empty one."""
    return


def no_change(_: Any, __: Any) -> None:
    """Have no shorter way to say what has changed."""
    return


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
    if most is not None and type(most) is not int:
        raise ValueError("no deque")
    return deque(maxlen=most)


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


KINDS: dict[type, WireKind] = {
    list: WireKind(
        "l",
        list,
        _list_snapshot,
        _same_list,
        no_head,
        lambda value: (list.__iter__(value),),
        lambda _: [],
        _fill_list,
        _list_change,
    ),
    dict: mapping("d", dict),
    set: WireKind(
        "s",
        set,
        lambda value: {id(item): item for item in set.__iter__(value)},
        _same_set,
        no_head,
        lambda value: (set.__iter__(value),),
        lambda _: set(),
        _fill_set,
        no_change,
    ),
    deque: WireKind(
        "q",
        deque,
        lambda value: list(deque.__iter__(value)),
        _same_items(deque.__iter__),
        lambda value: value.maxlen,
        lambda value: (deque.__iter__(value),),
        _make_deque,
        _fill_deque,
        no_change,
    ),
    Counter: mapping("C", Counter),
    OrderedDict: mapping("O", OrderedDict),
    defaultdict: mapping("dd", defaultdict, _make_defaultdict),
    bytearray: WireKind(
        "B",
        bytearray,
        bytes,
        lambda value, before: bool(bytearray.__eq__(value, before)),
        no_head,
        lambda value: ([bytearray.hex(value)],),
        lambda _: bytearray(),
        _fill_bytes,
        no_change,
    ),
}
