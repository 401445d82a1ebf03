"""What a program and its tests know of each other: values as tagged JSON, containers shared.

Data of the library's own types crosses, rebuilt from its parts on the far side: a subclass of `int`
that equals everything arrives as an `int`. Whatever is no data stays where it is and crosses as a
handle, which each side makes and resolves in its own way. Refuses pickle, and bounds depth and
ranges, since the sender may be hostile.

A container that the sender still holds gets a number, and exists on both sides from then on: a
second mention is a reference, and with every message each side first says what has changed in those
that the other one can reach. So the same list twice is the same list, a program may keep and change
what it was given, and an argument that did not change is not sent again. Whether a container is
held is told by its reference count: one that nobody keeps crosses as a copy, for good.

A value without a tag is None, a bool, a small int, a float, a str, or a list that nobody keeps. All
others are objects with one key, the tag.
"""

import abc
import itertools
from collections import deque
from collections.abc import Iterable
from sys import getrefcount
from typing import Any

from whetstone.rewards.sandbox.wire.kinds import KINDS, PLAIN, WireEntry, WireKind
from whetstone.rewards.sandbox.wire.rare_kinds import kind_of, kind_of_tag
from whetstone.rewards.sandbox.wire.values import WireError, reader_of, writer_of

PROGRAM = "solution"
"""The module of the classes that a program defines."""

MAX_DEPTH = 200
"""Of tuples within tuples. Containers may be nested deeper, since they cross one by one."""

_INLINE_DEPTH = 40
_SMALL = 1 << 63
ALONE = 3
"""References to a container that is held by its entry alone, while it is looked at."""


class Codec(abc.ABC):
    """One side's way with values. A side says how its objects cross (`hold`, `resolve`).

    Args:
        first: Its first number for what it shares: 1 for the program, 2 for the tests, which then
            never take each other's.

    """

    fresh = 0
    """References to what only one container holds, while it is written; measured below."""

    def __init__(self, first: int) -> None:
        self._unused = itertools.count(first, 2)
        self.numbers: dict[int, int] = {}
        """The number of an object, by its id."""
        self.entries: dict[int, WireEntry] = {}
        self._active: dict[int, WireEntry] = {}
        """Those that may have changed here and that the other side can reach."""
        self._lists: list[Any] = []
        self._unwritten: deque[int] = deque()
        self._all_held = False
        self.is_still = True
        """Whether what is written now cannot change before it is sent."""
        self.weight = 0
        """About how much the containers hold that were shared."""
        self.is_watching = False
        """Whether containers are being compared, so that no object may answer."""

    @abc.abstractmethod
    def hold(self, value: Any, kind: type, depth: int) -> Any:
        """Return the tagged form of what is no data of the library."""

    @abc.abstractmethod
    def resolve(self, tag: str, content: Any) -> Any:
        """Find the object of a tagged handle, or raise `WireError`."""

    def empty(self, tag: Any, head: Any) -> tuple[Any, WireKind]:
        """Make a container to be filled. Raises `WireError`."""
        kind = kind_of_tag(tag)
        if kind is None:
            raise WireError("no container")
        return kind.make(self.decode(head)), kind

    def new(self, number: int, value: Any, kind: WireKind) -> WireEntry:
        """Take over a container that the other side has given a number."""
        if number in self.entries:
            raise WireError("a number twice")
        return self._add(number, value, kind)

    def form(self, value: Any, kind: WireKind) -> list[Any]:
        """Return what `empty` takes."""
        return [kind.tag, self.encode(kind.head(value), 0)]

    def number(self, value: Any) -> int:
        """Give an object a number. It has to be kept alive for as long as that is in use."""
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = next(self._unused)
        return number

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return the JSON form of a value. Raises `WireError` if it is nested too deeply."""
        kind = type(value)
        if kind is str or kind is float or kind is bool or value is None:
            return value
        if kind is int:
            return value if -_SMALL <= value < _SMALL else {"I": hex(value)}
        container = KINDS.get(kind)
        if container is not None:
            return self.container(value, container, depth, self.fresh)
        if kind is tuple:
            return {"t": self.parts(value, depth, self.fresh)}
        return self._other(value, kind, depth)

    def parts(self, value: tuple[Any, ...], depth: int, fresh: int) -> list[Any]:
        """Write what a tuple holds: if somebody holds the tuple, that is held as well."""
        if PLAIN.issuperset(map(type, value)):
            return list(value)
        if depth > MAX_DEPTH:
            raise WireError("a value is nested too deeply")
        if self._all_held or getrefcount(value) <= fresh:
            return self.items(value, depth + 1)
        self._all_held = True
        try:
            return self.items(value, depth + 1)
        finally:
            self._all_held = False

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise WireError("a value is nested too deeply")
        found = writer_of(value, kind)
        if found is not None:
            held, self._all_held = self._all_held, True
            try:
                return {found[0]: found[1](self, value, depth + 1)}
            finally:
                self._all_held = held
        container = kind_of(kind)
        if container is not None:
            return self.container(value, container, depth, 0)
        return self.hold(value, kind, depth)

    def container(self, value: Any, kind: WireKind, depth: int, fresh: int) -> Any:
        """Write a container: a reference to it if it is held, or all that it holds."""
        number = self.numbers.get(id(value))
        if number is not None and number in self.entries:
            self._active[number] = self.entries[number]
        elif self._all_held or depth > _INLINE_DEPTH or getrefcount(value) > fresh:
            if type(value) is list and self.is_still and PLAIN.issuperset(map(type, value)):
                number = self.number(value)
                self._add(number, value, kind).remember()
                self._lists.append([number, value])
            else:
                number = self.share(value, kind)
        elif kind.base is list:
            if PLAIN.issuperset(map(type, value)):
                return value
            return [self.encode(item, depth + 1) for item in value]
        else:
            return {kind.tag: [self.encode(kind.head(value), depth), *self._parts(value, kind)]}
        return {"@": number}

    def _add(self, number: int, value: Any, kind: WireKind) -> WireEntry:
        entry = self.entries[number] = self._active[number] = WireEntry(value, kind)
        self.numbers[id(value)] = number
        self.weight += entry.weight
        return entry

    def share(self, value: Any, kind: WireKind) -> int:
        """Take a container into what exists on both sides; its contents follow."""
        number = self.number(value)
        self._add(number, value, kind)
        self._unwritten.append(number)
        return number

    def _parts(self, value: Any, kind: WireKind, depth: int = 0) -> list[Any]:
        return [self.items(part, depth + 1) for part in kind.parts(value)]

    def items(self, items: Iterable[Any], depth: int) -> list[Any]:
        """Write values one by one."""
        return [self.encode(item, depth) for item in items]

    def decode(self, data: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - a table in order
        """Rebuild a value.

        Raises `WireError`, or what its parts raise, for anything that `encode` does not write.
        """
        kind = type(data)
        if kind is list:
            if PLAIN.issuperset(map(type, data)):
                return data
            if depth > MAX_DEPTH:
                raise WireError("a value is nested too deeply")
            return [self.decode(item, depth + 1) for item in data]
        if kind is not dict:
            return data
        if len(data) != 1 or depth > MAX_DEPTH:
            raise WireError("no value")
        ((tag, content),) = data.items()
        if tag == "@":
            return self.referred(content)
        read = reader_of(tag)
        if read is not None:
            return read(self, content, depth + 1)
        if kind_of_tag(tag) is None:
            return self.resolve(tag, content)
        head, *parts = content
        made, container = self.empty(tag, head)
        container.fill(made, *(self._decoded(part, depth + 1) for part in parts))
        return made

    def _decoded(self, part: Any, depth: int = 0) -> list[Any]:
        if type(part) is not list:
            raise WireError("no value")
        return [self.decode(item, depth) for item in part]

    def referred(self, number: Any) -> Any:
        """Return the container with a number."""
        entry = self.entries[number]
        self._active[number] = entry
        return entry.value

    def forget(self, numbers: Iterable[Any]) -> None:
        """Drop containers that the other side has done with."""
        for number in numbers:
            self._active.pop(number, None)
            entry = self.entries.pop(number, None)
            if entry is not None:
                del self.numbers[id(entry.value)]

    def rest(self, numbers: Iterable[Any]) -> None:
        """Stop watching containers that the other side cannot reach, until they are mentioned."""
        for number in numbers:
            self._active.pop(number, None)

    def outgoing(self) -> tuple[dict[str, Any], list[int]]:
        """Say what the other side has to know before it goes on, and which containers nobody holds.

        "l" are new lists of plain values, "n" other new containers, "m" those that have changed.
        """
        changed, alone = [], []
        self.is_watching = True
        for number, entry in list(self._active.items()):
            if entry.before is None:
                continue  # new, or being filled
            if not entry.kind.is_unchanged(entry.value, entry.before):
                changed.append(self._change(number, entry))
            if getrefcount(entry.value) < ALONE:
                alone.append(number)
        self.is_watching = False
        message: dict[str, Any] = {}
        if changed:
            message["m"] = changed
        if self._unwritten:
            message["n"] = self._written()
        if self._lists:
            message["l"], self._lists = self._lists, []
        return message, alone

    def _change(self, number: int, entry: WireEntry) -> list[Any]:
        self._all_held = True
        try:
            change = entry.kind.change(entry.value, entry.before)
            if change is None:
                return [number, "all", None, *self._parts(entry.value, entry.kind)]
            form, where, parts = change
            return [number, form, where, *(self.items(part, 0) for part in parts)]
        finally:
            self._all_held = False
            entry.remember()

    def _written(self) -> list[Any]:
        """Write what new containers hold, which may be new ones again."""
        written = []
        self._all_held = True
        try:
            while self._unwritten:
                number = self._unwritten.popleft()
                entry = self.entries[number]
                parts = self._parts(entry.value, entry.kind)
                written.append([number, *self.form(entry.value, entry.kind), *parts])
                entry.remember()
        finally:
            self._all_held = False
        return written

    def incoming(self, message: dict[str, Any]) -> None:
        """Take over what the other side has said with `outgoing`."""
        for number, items in message.get("l", ()):
            self.new(number, self._decoded(items), KINDS[list]).remember()
        new = message.get("n", ())
        for number, tag, head, *_ in new:
            self.new(number, *self.empty(tag, head))
        for number, _, __, *parts in new:
            entry = self.entries[number]
            entry.kind.fill(entry.value, *map(self._decoded, parts))
            entry.remember()
        for number, form, where, *parts in message.get("m", ()):
            self._take_change(self.entries[number], form, where, [*map(self._decoded, parts)])

    def _take_change(self, entry: WireEntry, form: Any, where: Any, parts: list[list[Any]]) -> None:
        if form == "splice" and entry.kind.base is list:
            (items,) = parts
            start, stop = where
            list.__setitem__(entry.value, slice(int(start), int(stop)), items)
            entry.before[start:stop] = items
            return
        if form == "update" and issubclass(entry.kind.base, dict):
            for key, value in zip(*parts, strict=True):
                entry.kind.base.__setitem__(entry.value, key, value)
        elif form == "all":
            entry.kind.fill(entry.value, *parts)
        else:
            raise WireError("no change")
        entry.remember()


class _DataOnly(Codec):
    """A side without objects."""

    def hold(self, value: Any, kind: type, depth: int) -> Any:
        raise WireError(f"{kind.__name__} at {depth}: {value!r}")

    def resolve(self, tag: str, content: Any) -> Any:
        raise WireError(f"{tag}: {content!r}")


def _crosses_as_copy(value: Any, fresh: int) -> bool:
    codec = _DataOnly(1)
    codec.fresh = fresh
    return codec.items(value, 0) == [[]]


def _measured() -> int:
    """Count the references to a list that only one container holds, while it is written.

    Where that cannot be told from one that somebody keeps, every container counts as held.
    """
    count = next((n for n in range(20) if _crosses_as_copy([[]], n)), 0)
    kept: list[Any] = []
    return 0 if _crosses_as_copy([kept], count) else count


Codec.fresh = _measured()
