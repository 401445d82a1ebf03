"""The tests' side of the wire: what they hand to a program, and what they take from it.

The far side is hostile. Every value is rebuilt from builtin data, and what is no value raises one
of `NO_VALUE`, which ends the run as a violation.
"""

import types
from collections.abc import Callable
from sys import getrefcount
from typing import Any

from whetstone.rewards.sandbox.errors import Errors
from whetstone.rewards.sandbox.mirrors import Mirrors, are_plain, library
from whetstone.rewards.sandbox.program.exports import data_base, plain
from whetstone.rewards.sandbox.remote import (
    FUNCTIONS,
    STATE,
    Held,
    Remote,
    RemoteMethod,
    is_programs,
    place_of,
    state_of,
)
from whetstone.rewards.sandbox.signatures import described, place_in_builtins, place_in_library
from whetstone.rewards.sandbox.wire.codec import ALONE, Codec
from whetstone.rewards.sandbox.wire.kinds import WireEntry, WireKind
from whetstone.rewards.sandbox.wire.rare_kinds import kind_of
from whetstone.rewards.sandbox.wire.values import WireError

NO_VALUE = (
    *(WireError, TypeError, ValueError, LookupError, ArithmeticError),
    *(AttributeError, RecursionError, ImportError),
)
"""What reading a value raises that is none."""

_FIRST_SWEEP = 256
_FIRST_WEIGHT = 10_000
_ALONE = 4
"""References to an object that only this side's books hold, while it is looked at."""

_LARGE = 4096
_MOST_LARGE = 16 << 20
_PLAIN = (str, int, float, bytes, tuple, type(None))


class Carrier(Codec):
    """Writes the values of the tests, and reads those of the program."""

    def __init__(self, remote: Remote, find_module: Callable[[str], Any]) -> None:
        super().__init__(2)
        self._remote = remote
        self.mirrors = Mirrors(remote, self)
        self.errors = Errors(remote, self.mirrors, self._decoded, self.own, self.release)
        self.released: list[int] = []
        """Numbers that the program need not keep any more."""
        self._things: dict[int, Any] = {}
        self._most_things = _FIRST_SWEEP
        self._most_weight = _FIRST_WEIGHT
        self._own: dict[Any, Any] = {}
        """Functions, iterators and exceptions of the tests, by number."""
        self._new: set[int] = set()
        """Those of them that no message has carried yet. Of one message the end is read first."""
        self._large = 0
        self._resolvers: dict[str, Callable[[Any], Any]] = {
            "cls": self._class,
            "err": self.errors.make,
            "mod": find_module,
            "nt": self._named,
            "E": self._refuse_class,
        }
        self.has_handed_functions = False
        self.gives = True
        """Whether what is read is a result, and not what the tests had made."""

    def release(self, number: int) -> None:
        """Take note that nobody here holds an object any more."""
        self.released.append(number)
        self._remote.meetings.forget(number)

    def own(self, number: Any) -> Any:
        """Return what the tests have handed over under a number."""
        return self._own[number]

    def function(self, number: Any) -> Any:
        """Return a function of the tests, or what takes the next value of an iterator of theirs."""
        found = self._own[number]
        return found if callable(found) else found.__next__

    # What the tests hand over.

    def hold(self, value: Any, kind: type, depth: int) -> Any:  # noqa: PLR0911 - a table in order
        """Return the handle of an object of the tests, or of one that the program knows."""
        if is_programs(value):
            return self._programs(value, kind, depth)
        if (path := place_in_builtins(value, kind)) is not None:
            return {"builtin": path}
        if (place := place_in_library(value)) is not None:
            return {"L": place}
        if issubclass(kind, BaseException):
            return {"err": self._error(value)}
        number = self.numbers.get(id(value))
        if number in self._own and number not in self._new:
            return {"@": number}
        if kind is types.FunctionType or callable(value):
            self.has_handed_functions = True
            return {"k": [self._keep(value), *described(value)]}
        if hasattr(kind, "__next__"):
            self.has_handed_functions = True
            return {"i": [self._keep(value), kind.__name__]}
        if kind is object:
            return {"token": [self._keep(value)]}
        base = data_base(kind)
        if base is None:
            return self._remote.cannot_pass(f"a {kind.__name__}")
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
        if number not in self._own:
            self._own[number] = value
            self._new.add(number)
        return number

    def sent(self) -> None:
        """Take note that a message has gone."""
        self._new.clear()

    def _error(self, error: BaseException) -> dict[str, Any]:
        kind = type(error)
        known = next(k for k in kind.__mro__ if library(k.__module__, k.__name__) is k)
        written: dict[str, Any] = {
            "n": self._keep(error),
            "c": {"L": [known.__module__, known.__name__]},
            "a": [self._or_text(argument) for argument in error.args],
        }
        if kind is not known:
            written["own"] = kind.__name__
        return written

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
        if number is None or number in self._new:
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
        if tag in {"fn", "obj", "val"}:
            return self._thing(tag, *content)
        found = self._resolvers.get(tag)
        if found is None:
            raise WireError("no value")
        return found(content)

    def _class(self, number: Any) -> Any:
        found = self.mirrors.classes[number]
        if self.gives:
            self._remote.meetings.give(number)
        return found

    def _refuse_class(self, name: Any) -> Any:
        return self._remote.refuse(f"a value of the program is the class {name!r:.100}")

    def _named(self, content: Any) -> Any:
        kind, items = content
        values = self._decoded(items)
        if kind in self._own:
            return self._own[kind]._make(values)
        return self.mirrors.named(kind, values)

    def _thing(self, tag: str, number: Any, kind: Any, *rest: Any) -> Any:
        if type(number) is not int or not number & 1:
            raise WireError("no number")
        found = self._things.get(number)  # one for each object, so that `is` means what it says
        if found is None:
            if tag == "fn":
                found = FUNCTIONS[kind](self._remote, number)
            elif tag == "obj":
                found = self.mirrors.instance(number, kind)
            else:
                found = self.mirrors.value(number, kind, self._decoded([*rest])[0])
            self._things[number] = found
        if self.gives:
            self._remote.meetings.give(number)
        return found

    def referred(self, number: Any) -> Any:
        """Return the container with a number, or what the tests have handed over."""
        found = self._own[number] if number in self._own else super().referred(number)
        if self.gives and isinstance(found, Held):
            self._remote.meetings.give(number)
        return found

    def empty(self, tag: Any, head: Any) -> tuple[Any, WireKind]:
        """Make a container to be filled, perhaps of a class of the program."""
        if type(tag) is not list:
            return super().empty(tag, head)
        kind, inner = tag
        return self.mirrors.empty(kind, inner, self.decode(head))

    def new(self, number: int, value: Any, kind: WireKind) -> WireEntry:
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
