"""The tests' side of the wire: what they hand to a program, and what they take from it.

The far side is hostile. Every value is rebuilt from builtin data, and what is no value raises one of
`NO_VALUE`, which ends the run as a violation.
"""

import builtins
import functools
import sys
import types
from collections.abc import Callable, Iterable
from sys import getrefcount
from typing import Any

from rewards.sandbox.errors import Errors
from rewards.sandbox.exports import data_base, plain
from rewards.sandbox.kinds import Kind, kind_of
from rewards.sandbox.mirrors import Mirrors, are_plain, library
from rewards.sandbox.remote import (
    STATE,
    Held,
    Remote,
    RemoteClass,
    RemoteFunction,
    RemoteMethod,
    is_programs,
    place_of,
    state_of,
)
from rewards.sandbox.values import WireError
from rewards.sandbox.wire import ALONE, Codec, Entry

TRUSTED_MODULES = frozenset(
    {
        "bisect",
        "calendar",
        "cmath",
        "collections",
        "copy",
        "datetime",
        "decimal",
        "fractions",
        "functools",
        "heapq",
        "inspect",
        "itertools",
        "json",
        "math",
        "operator",
        "random",
        "re",
        "statistics",
        "string",
        "sys",
        "time",
        "typing",
    }
)
"""Modules that the tests always meet in their own copy, whatever the program calls by the name."""

NO_VALUE = (WireError, TypeError, ValueError, LookupError, AttributeError, RecursionError)
"""What reading a value raises that is none."""

_FIRST_SWEEP = 256
_FIRST_WEIGHT = 10_000
_ALONE = 4
"""References to an object that only this side's books hold, while it is looked at."""

_LARGE = 4096
_MOST_LARGE = 16 << 20
_PLAIN = (str, int, float, bytes, tuple, type(None))
_TRUSTED_BUILTINS = (types.BuiltinFunctionType, types.MethodDescriptorType)


class Carrier(Codec):
    """Writes the values of the tests, and reads those of the program."""

    def __init__(self, remote: Remote, find_module: Callable[[str], Any]) -> None:
        super().__init__(2)
        self._remote = remote
        self._find_module = find_module
        self.mirrors = Mirrors(remote, self)
        self.errors = Errors(remote, self.mirrors, self._decoded, self.own, self.release)
        self.released: list[int] = []
        """Numbers that the program need not keep any more."""
        self._things: dict[int, Any] = {}
        self._most_things = _FIRST_SWEEP
        self._most_weight = _FIRST_WEIGHT
        self._own: dict[Any, Any] = {}
        """Functions, iterators and exceptions of the tests, by number."""
        self._large = 0

    def release(self, number: int) -> None:
        """Take note that nobody here holds an object any more."""
        self.released.append(number)

    def own(self, number: Any) -> Any:
        """Return what the tests have handed over under a number."""
        return self._own[number]

    def take_classes(self, described: Any) -> None:
        """Learn the classes that a message describes."""
        for one in described:
            self.mirrors.learn(one)

    # What the tests hand over.

    def hold(self, value: Any, kind: type, depth: int) -> Any:
        """Return the handle of an object of the tests, or of one that the program knows."""
        if is_programs(value):
            return self._programs(value, kind, depth)
        if kind in _TRUSTED_BUILTINS and (path := _path(value)) is not None:
            return {"builtin": path}
        if (place := _place(value)) is not None:
            return {"L": place}
        if issubclass(kind, BaseException):
            return {"err": self._error(value)}
        if kind is types.FunctionType or callable(value):
            return {"k": [self._keep(value), *_described(value, self)]}
        if hasattr(kind, "__next__"):
            return {"i": [self._keep(value)]}
        if kind is object:
            return {"token": [self._keep(value)]}
        base = data_base(kind)
        if base is None:
            return self._remote.refuse(f"the tests cannot pass a {kind.__name__} to the program")
        return self._derived(value, kind, base, depth)

    def _programs(self, value: Any, kind: type, depth: int) -> Any:
        if kind is RemoteMethod:
            owner, name = place_of(value)
            return {"bound": [self.target(owner), name]}
        number = state_of(value)[1]
        if number is None:
            class_number = state_of(kind)[1]
            return {"nt": [class_number, self.items(tuple.__iter__(value), depth + 1)]}
        if number in self.entries:
            return self.container(value, self.entries[number].kind, depth, 0)
        return {"@": number}

    def target(self, value: Any) -> Any:
        """Return what a question is about: a number, or a value that has none."""
        number = state_of(value)[1]
        return self.items([value], 1)[0] if number is None else number

    def _derived(self, value: Any, kind: type, base: type, depth: int) -> Any:
        """Write an instance of a class of the tests below a plain type: as that type."""
        fields = getattr(kind, "_fields", None)
        if base is tuple and type(fields) is tuple and are_plain([kind.__name__, *fields]):
            named = [self._keep(kind), kind.__name__, list(fields)]
            return {"nt": [named, self.items(tuple.__iter__(value), depth + 1)]}
        container = kind_of(base)
        if container is not None:
            made = container.make(container.head(value))
            container.fill(made, *container.parts(value))
            return self.encode(made, depth)
        return self.encode(plain(value, base), depth)

    def _keep(self, value: Any) -> int:
        number = self.number(value)
        self._own[number] = value
        return number

    def _error(self, error: BaseException) -> dict[str, Any]:
        kind = type(error)
        known = next(k for k in kind.__mro__ if library(k.__module__, k.__name__) is k)
        described: dict[str, Any] = {
            "n": self._keep(error),
            "c": {"L": [known.__module__, known.__name__]},
            "a": [self._or_text(argument) for argument in error.args],
        }
        if kind is not known:
            described["own"] = kind.__name__
        return described

    def _or_text(self, value: Any) -> Any:
        return self.items([value], 1)[0] if isinstance(value, _PLAIN) else str(value)

    def argument(self, value: Any) -> Any:
        """Write an argument of a call."""
        kind = type(value)
        if kind is tuple and len(value) < _LARGE:
            return {"t": self.parts(value, 1, self.fresh_argument)}
        if kind is str or kind is bytes or kind is tuple:
            return self._large_one(value) if len(value) >= _LARGE else self.encode(value, 1)
        container = kind_of(kind)
        if container is None:
            return self.encode(value, 1)
        return self.container(value, container, 1, self.fresh_argument)

    fresh_argument = 0
    """References to an argument that nobody but the call holds; measured by `candidate`."""

    def _large_one(self, value: Any) -> Any:
        """Write a large value that cannot change once, and refer to it from then on."""
        number = self.numbers.get(id(value))
        if number is None:
            written = self.items([value], 1)[0]
            if self._large + len(value) > _MOST_LARGE or (
                type(value) is tuple and any(type(part) is dict for part in written["t"])
            ):
                return written
            self._large += len(value)
            return {"large": [self._keep(value), written]}
        return {"@": number}

    # What they take.

    def resolve(self, tag: str, content: Any) -> Any:
        """Find or make what stands for an object of the program."""
        if tag == "cls":
            return self.mirrors.classes[content]
        if tag == "err":
            return self.errors.make(content)
        if tag == "mod":
            return self._find_module(content)
        if tag == "E":
            return self._remote.refuse(f"a value of the program is the class {content!r:.100}")
        if tag == "nt":
            kind, items = content
            values = self._decoded(items)
            if kind in self._own:
                return self._own[kind]._make(values)
            return self.mirrors.named(kind, values)
        if tag not in {"fn", "obj", "val"}:
            raise WireError("no value")
        number, kind, *rest = content
        if type(number) is not int or not number & 1:
            raise WireError("no number")
        found = self._things.get(number)  # one for each object, so that `is` means what it says
        if found is None:
            if tag == "fn":
                found = RemoteFunction(self._remote, number, kind)
            elif tag == "obj":
                found = self.mirrors.instance(number, kind)
            else:
                found = self.mirrors.value(number, kind, self._decoded(rest)[0])
            self._things[number] = found
        return found

    def referred(self, number: Any) -> Any:
        """Return the container with a number, or what the tests have handed over."""
        return self._own[number] if number in self._own else super().referred(number)

    def empty(self, tag: Any, head: Any) -> tuple[Any, Kind]:
        """Make a container to be filled, perhaps of a class of the program."""
        if type(tag) is not list:
            return super().empty(tag, head)
        kind, inner = tag
        return self.mirrors.empty(kind, inner, self.decode(head))

    def new(self, number: int, value: Any, kind: Kind) -> Entry:
        """Take over a container of the program, perhaps of a class of its own."""
        if type(number) is not int or not number & 1:
            raise WireError("no number")
        if isinstance(value, Held):
            object.__setattr__(value, STATE, (self._remote, number))
        return super().new(number, value, kind)

    def sweep(self) -> None:
        """Let go of what the tests have done with, now and then."""
        if len(self._things) > self._most_things:
            for number, thing in list(self._things.items()):
                if getrefcount(thing) <= _ALONE:
                    del self._things[number]
                    self.release(number)
            self._most_things = max(_FIRST_SWEEP, 2 * len(self._things))
        if self.weight > self._most_weight:
            alone = [n for n, entry in self.entries.items() if getrefcount(entry.value) < ALONE]
            self.forget(alone)
            self.released += alone
            self.weight = sum(entry.weight for entry in self.entries.values())
            self._most_weight = max(_FIRST_WEIGHT, 2 * self.weight)


def _path(value: Any) -> list[str] | None:
    """Return where a function of the builtins is found: `len`, or `str.upper`."""
    owner = getattr(value, "__objclass__", None)
    path = [value.__name__] if owner is None else [owner.__name__, value.__name__]
    try:
        found = functools.reduce(getattr, path, builtins)
    except AttributeError:
        return None
    return path if found is value else None


def _place(value: Any) -> list[str] | None:
    """Return where a function or class of the library is found."""
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not (type(module) is str and type(name) is str and module.lstrip("_") in TRUSTED_MODULES):
        return None
    return [module, name] if getattr(sys.modules.get(module), name, None) is value else None


def _described(function: Any, wire: Codec) -> list[Any]:
    """Return names, parameters and defaults of a function of the tests."""
    name = str(getattr(function, "__name__", "callback"))
    doc = getattr(function, "__doc__", None)
    names = [name, str(getattr(function, "__qualname__", name)), doc if type(doc) is str else None]
    if type(function) is not types.FunctionType:
        return [names, None, []]
    signature, defaults = _signature(function)
    return [names, signature, wire.items(defaults, 1)]


def _signature(function: types.FunctionType) -> tuple[list[str], Iterable[Any]]:
    """Return the source of a function's parameters and of what hands them on, and its defaults."""
    code = function.__code__
    names = code.co_varnames
    positional = names[: code.co_argcount]
    named = names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    rest = list(names[len(positional) + len(named) :])
    before = function.__defaults__ or ()
    after = function.__kwdefaults__ or {}
    written = list(positional)
    first = len(positional) - len(before)
    if code.co_posonlyargcount:
        written.insert(code.co_posonlyargcount, "/")
    handed, passed = list(positional), [f"{name!r}: {name}" for name in named]
    if code.co_flags & 4:
        handed.append(f"*{rest[0]}")
        written.append(f"*{rest.pop(0)}")
    elif named:
        written.append("*")
    written += [f"{name}=None" if name in after else name for name in named]
    if code.co_flags & 8:
        passed.append(f"**{rest[0]}")
        written.append(f"**{rest[0]}")
    optional = {*positional[first:]} if before else set()
    source = ", ".join(f"{name}=None" if name in optional else name for name in written)
    handed_on = "".join(f"{name}, " for name in handed)
    kept = [name for name in named if name in after]
    signature = [source, handed_on, ", ".join(passed), str(len(before)), " ".join(kept)]
    return signature, [*before, *(after[name] for name in kept)]
