"""Classes that stand in for those of a program: the same names, bases and special methods.

With them `type(a) is type(b)`, `isinstance`, `except MyError` and `len(x)` mean what they mean in
one process. Nothing of the program's own runs in them. Their descriptions come from the program, so
all of it is checked, and bounded: a class can stand below a type of the library, never above one,
and never above or below `AssertionError`, so that none hides a failed test.
"""

import abc
import dataclasses
import functools
import importlib
import types
from collections.abc import Mapping
from typing import Any

from whetstone.rewards.sandbox.generics import subscripted
from whetstone.rewards.sandbox.program.exports import MIXINS, SPECIAL, data_base
from whetstone.rewards.sandbox.remote import (
    ABSTRACT,
    KNOWN,
    OURS,
    STATE,
    Instance,
    Method,
    Remote,
    RemoteClass,
    RemoteMeta,
)
from whetstone.rewards.sandbox.special import (
    ARITHMETIC,
    COMPARE,
    PREDICTABLE,
    length_hint,
    special,
)
from whetstone.rewards.sandbox.wire.codec import PROGRAM, Codec
from whetstone.rewards.sandbox.wire.kinds import WireKind
from whetstone.rewards.sandbox.wire.rare_kinds import kind_of, kind_of_tag
from whetstone.rewards.sandbox.wire.values import WireError, make_namedtuple

_MOST_CLASSES = 256
_MOST_NAMES = 500
_MOST_TEXT = 200
_LIBRARY = frozenset({"builtins", "collections", "types", "array", *MIXINS})
_PREDICTABLE = frozenset(
    f"{name}_iterator"
    for name in ("list", "tuple", "range", "longrange", "str", "str_ascii", "bytes", "set")
) | {"dict_keyiterator", "dict_valueiterator", "dict_itemiterator", "list_reverseiterator"}
_TYPES = {kind.__name__: kind for kind in vars(types).values() if isinstance(kind, type)}


class RemoteAbstractClass(RemoteClass, abc.ABCMeta):
    """The type of those below an abstract class of the library."""


class ErrorInstance(Instance):
    """The root of the classes that stand in for exceptions of the program."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") or name == "args":
            object.__setattr__(self, name, value)
        if not name.startswith("__"):  # what it says is asked of either side
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name == "__notes__":  # an attribute like any other, and of this side
            raise AttributeError(name)
        return super().__getattr__(name)

    # Of an exception these are what its arguments say, unless its class says otherwise.
    __repr__ = BaseException.__repr__
    __str__ = BaseException.__str__
    __format__ = object.__format__  # type: ignore[assignment]
    __reduce_ex__ = BaseException.__reduce_ex__  # type: ignore[assignment]


OURS.add(ErrorInstance)


class Mirrors:
    """The classes of one program, by number."""

    def __init__(self, remote: Remote, wire: Codec) -> None:
        self._remote = remote
        self._wire = wire
        self.classes: dict[int, Any] = {}

    def learn(self, described: Any) -> None:
        """Make a class. Raises `ValueError`, `TypeError`, `LookupError` or `WireError`."""
        number, names, bases, specials, methods, extra = described
        if type(number) is not int or not number & 1 or number in self.classes:
            raise WireError("no class")
        if len(self.classes) >= _MOST_CLASSES:
            raise WireError("too many classes")
        module, name, qualified = map(_text, names)
        found = [base for base in map(self._base, bases) if base is not None]
        doc = extra.get("doc")
        members: dict[str, Any] = {
            "__module__": PROGRAM,
            "__doc__": doc if type(doc) is str else None,
            "__qualname__": qualified,
            KNOWN: False,
            ABSTRACT: extra.get("abstract") is True,
            PREDICTABLE: module == "builtins" and name in _PREDICTABLE,
        }
        if extra.get("generic") is True:
            members["__class_getitem__"] = classmethod(subscripted)
        if any(issubclass(base, type) for base in found):
            made = self._make(RemoteMeta, name, _metaclasses(found), members, specials, {})
        else:
            local = _OF_NAMEDTUPLE if "fields" in extra else frozenset()
            self._add_methods(members, [name for name in methods if name not in local])
            self._add_class(members, module, name)
            if "dataclass" in extra:
                members["__dataclass_fields__"] = _Fields([*map(_text, extra["dataclass"])])
            if module == "enum":
                specials = [special for special in specials if special != "__hash__"]
            found = _rooted(found, extra)
            meta = functools.reduce(_most_derived, map(type, found), self._meta(extra))
            made = self._make(meta, name, found, members, specials, extra)
        type.__setattr__(made, STATE, (self._remote, number))
        self.classes[number] = made

    def _meta(self, extra: dict[str, Any]) -> type:
        meta = self.classes[extra["meta"]] if "meta" in extra else RemoteClass
        return meta if issubclass(meta, RemoteClass) else RemoteClass

    def _base(self, reference: Any) -> type | None:
        if type(reference) is int:
            found = self.classes[reference]
        elif "L" in reference:
            found = library(*reference["L"])
        else:
            found = self._wire.decode(reference)
        if found is not None and not isinstance(found, type):
            raise TypeError("no class")
        if found is AssertionError:
            return Exception
        return None if found is object else found

    def _make(
        self,
        meta: type,
        name: str,
        bases: list[type],
        members: dict[str, Any],
        specials: list[Any],
        extra: dict[str, Any],
    ) -> Any:
        data = next((base for kind in bases if (base := data_base(kind))), None)
        specials = [*specials, *(full for full in _mixed_in(bases) if full not in specials)]
        by_fields = extra.get("eq") == "fields"
        for full in specials:
            if full not in SPECIAL:
                raise WireError("no special method")
            method = special(full[2:-2], data, by_fields=by_fields)
            is_meta = issubclass(bases[0], type)
            if method is not None and not (is_meta and full in _NOT_OF_CLASSES):
                members[full] = method
        if "__next__" in members:
            members["__length_hint__"] = length_hint
        if extra.get("unhashable") is True:
            members["__hash__"] = None
        made: Any = type.__new__(meta, name, tuple(bases), members)
        if isinstance(made, abc.ABCMeta):
            abc.ABCMeta.__init__(made, name, tuple(bases), members)
            type.__setattr__(made, "__abstractmethods__", frozenset())
        if issubclass(AssertionError, made):
            raise TypeError("it would hide a failed test")
        return made

    def _add_methods(self, members: dict[str, Any], methods: list[Any]) -> None:
        if len(methods) > _MOST_NAMES:
            raise WireError("too many methods")
        for name in map(_text, methods):
            if not name.startswith("__"):
                members[name] = Method(name)

    def _add_class(self, members: dict[str, Any], module: str, name: str) -> None:
        """Let an object of a class of the library say that it is of that class."""
        own = _TYPES.get(name) if module == "builtins" else _loaded(module, name)
        if own is not None:
            members["__class__"] = property(lambda _: own)

    def instance(self, number: Any, kind: Any) -> Any:
        """Make what stands for an object."""
        made = object.__new__(self.classes[kind])
        object.__setattr__(made, STATE, (self._remote, number))
        return made

    def value(self, number: Any, kind: Any, plain: Any) -> Any:
        """Make what stands for an object of a class below a plain type that cannot change."""
        own = self.classes[kind]
        base: Any = data_base(own)
        if base is None or type(plain) is not base or kind_of(base) is not None:
            raise WireError("no value")
        made = base.__new__(own, plain)
        object.__setattr__(made, STATE, (self._remote, number))
        return made

    def named(self, kind: Any, items: list[Any]) -> Any:
        """Make a namedtuple of a class of the program."""
        own = self.classes[kind]
        if not hasattr(own, "_fields") or len(items) != len(own._fields):
            raise WireError("no value")
        return tuple.__new__(own, items)

    def empty(self, kind: Any, tag: Any, head: Any) -> tuple[Any, WireKind]:
        """Make an empty container of a class of the program."""
        own, container = self.classes[kind], kind_of_tag(tag)
        if container is None or data_base(own) is not container.base:
            raise WireError("no container")
        base: Any = container.base
        made = base.__new__(own)
        if tag == "dd":
            base.__init__(made, container.make(head).default_factory)
        elif tag == "q":
            base.__init__(made, (), head)
        return made, container


def _mixed_in(bases: list[type]) -> list[str]:
    """Return special methods of base classes of the library that would take the program's word.

    `Set.__eq__` believes the length that it is told, and `suppress.__exit__` what it suppresses.
    """
    return [
        full
        for base in bases
        if base.__module__ in MIXINS
        for full in sorted(_JUDGING)
        if getattr(base, full, None) is not getattr(object, full, None)
        and not (full == "__eq__" and issubclass(base, Mapping))  # it looks at what it holds
    ]


class _Fields:
    """What `dataclasses.fields` looks for."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __get__(self, instance: Any, kind: type) -> Any:
        made: Any = dataclasses.make_dataclass("D", self._names, init=False, repr=False, eq=False)
        return made.__dataclass_fields__


_OF_NAMEDTUPLE = frozenset({"_asdict", "_make", "_replace"})
_JUDGING = (
    frozenset(
        {f"__{name}__" for name in COMPARE}
        | {"__exit__"}
        | {f"__{name}__" for name in ARITHMETIC if not name.endswith("_")}
        | {"__and__", "__or__"}
    )
    & SPECIAL
)
_NOT_OF_CLASSES = frozenset({"__call__", "__bool__", "__eq__", "__ne__", "__hash__"})


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > _MOST_TEXT:
        raise WireError("no name")
    return value


def _metaclasses(bases: list[type]) -> list[type]:
    found = [RemoteClass if base is type else base for base in bases]
    return found if any(issubclass(base, RemoteClass) for base in found) else [RemoteClass, *found]


def _rooted(bases: list[type], extra: dict[str, Any]) -> list[type]:
    """Add to the bases of a class what makes it ask the program."""
    fields = extra.get("fields")
    if fields is not None and tuple in bases:
        bases[bases.index(tuple)] = _namedtuple("P", tuple(fields))
    if any(issubclass(base, BaseException) for base in bases):
        root: type = ErrorInstance
    else:
        root = Instance
    if any(issubclass(base, root) for base in bases):
        return bases
    return [root, *bases]


def _most_derived(meta: type, other: type) -> type:
    if issubclass(meta, other):
        return meta
    if issubclass(other, meta):
        return other
    if other is abc.ABCMeta and meta is RemoteClass:
        return RemoteAbstractClass
    return type.__new__(type, "Meta", (meta, other), {})


@functools.lru_cache(maxsize=64)
def _namedtuple(name: str, fields: tuple[str, ...]) -> Any:
    if not are_plain([name, *fields]):
        raise WireError("no namedtuple")
    return make_namedtuple(name, fields)


def are_plain(names: list[Any]) -> bool:
    """Whether names may stand in the source that `namedtuple` builds: Unicode may fold into it."""
    return len(names) <= _MOST_NAMES and all(
        type(name) is str and name.isascii() and name.isidentifier() and name[0] != "_"
        for name in names
    )


def _loaded(module: str, name: str) -> type | None:
    """Find a class of the library, where tests may know it, to say that an object is of it."""
    if module not in _SHOWN:
        return None
    found = getattr(importlib.import_module(module), name, None)
    return found if isinstance(found, type) else None


_SHOWN = frozenset({"re", "functools", "itertools", "collections", "random", "string", "datetime"})

_ERROR_MODULES = frozenset(
    {"builtins", "json.decoder", "re", "queue", "_queue", "decimal", "struct", "zlib", "binascii"}
    | {"statistics", "asyncio.exceptions", "concurrent.futures._base", "configparser", "csv"}
    | {"_csv", "dataclasses", "graphlib", "ipaddress", "tomllib", "copy", "urllib.error"}
    | {"calendar", "threading", "inspect", "getopt", "argparse", "lzma", "gzip", "zipfile"}
    | {"tarfile", "xml.etree.ElementTree", "xml.parsers.expat", "locale", "email.errors"}
)
_MOVED = {"_queue": "queue", "_csv": "csv"}


def library(module: Any, name: Any) -> type | None:
    """Find a class of the library that a class of a program derives from. None if it is not known.

    Only of modules that can be imported without any effect.
    """
    if module not in _LIBRARY and module not in _ERROR_MODULES:
        return None
    found = getattr(importlib.import_module(_MOVED.get(module, module)), _text(name), None)
    if not isinstance(found, type):
        return None
    is_error = issubclass(found, BaseException)
    return found if is_error or module in _LIBRARY else None
