"""Exceptions that cross: real classes of the library, and the program's own below them.

Nothing of the program's own runs when one is made: its class is known here or was built here
(`whetstone.rewards.sandbox.mirrors`), and only arguments, notes and causes come from there. It
refuses to let an exception of the program pass for a failed test: what it calls `AssertionError`
arrives as something else.
"""

import weakref
from collections.abc import Callable
from typing import Any

from whetstone.rewards.sandbox.mirrors import Mirrors, library
from whetstone.rewards.sandbox.remote import STATE, Remote
from whetstone.rewards.sandbox.wire.values import WireError

_MAX_TEXT = 1000
_MOST_CAUSES = 10


class RemoteError(Exception):
    """An exception of the program that is not known here, or that the tests must not see."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}" if text else name)
        self.name = name


class Errors:
    """The exceptions of one program."""

    def __init__(
        self,
        remote: Remote,
        mirrors: Mirrors,
        decode: Callable[[list[Any]], list[Any]],
        own: Callable[[Any], Any],
        release: Callable[[int], None],
    ) -> None:
        self._remote = remote
        self._mirrors = mirrors
        self._decode = decode
        self._own = own
        self._release = release
        self._made: weakref.WeakValueDictionary[int, BaseException] = weakref.WeakValueDictionary()

    def make(self, described: dict[str, Any], depth: int = 0) -> BaseException:
        """Make an exception. Raises `WireError`, or what its parts raise, if it is none."""
        if depth > _MOST_CAUSES:
            raise WireError("too many causes")
        if "@" in described:
            return self._theirs(described["@"])
        number = described.get("n")
        made = self._made.get(number) if type(number) is int else None
        if made is None:
            made = self._new(described, depth)
            if type(number) is int:
                self._remember(number, made)
        for name in ("__cause__", "__context__"):
            if name in described:
                setattr(made, name, self.make(described[name], depth + 1))
        if described.get("alone") is True:
            made.__suppress_context__ = True
        if "notes" in described:
            made.__notes__ = [str(note)[:_MAX_TEXT] for note in described["notes"]]
        return made

    def _theirs(self, number: Any) -> BaseException:
        """Return an exception that a function of the tests has raised."""
        error = self._own(number)
        if not isinstance(error, BaseException):
            raise WireError("no exception")
        return error

    def _remember(self, number: int, made: BaseException) -> None:
        object.__setattr__(made, STATE, (self._remote, number))
        try:
            weakref.finalize(made, self._release, number).atexit = False
            self._made[number] = made
        except TypeError:
            return  # one that stands in for what must not be seen

    def _new(self, described: dict[str, Any], depth: int) -> BaseException:
        arguments = self._decode(described["a"])
        kind, name = self._kind(described["c"])
        if kind is None:
            return RemoteError(name, " ".join(str(part)[:_MAX_TEXT] for part in arguments))
        if issubclass(kind, BaseExceptionGroup):
            parts = [self.make(part, depth + 1) for part in described["group"]]
            if not issubclass(kind, Exception) or all(isinstance(p, Exception) for p in parts):
                return kind.__new__(kind, str(arguments[0]), parts)
            return BaseExceptionGroup(str(arguments[0]), parts)
        base: Any = next(k for k in type.__dict__["__mro__"].__get__(kind) if k in _BUILTIN)
        error: BaseException = base.__new__(kind, *arguments)
        try:
            base.__init__(error, *arguments)
        except TypeError:  # one that wants other arguments, such as UnicodeDecodeError
            base.__init__(error)
        object.__setattr__(error, "args", tuple(arguments))
        for attribute, value in described.get("d", {}).items():
            if type(attribute) is str and not attribute.startswith("__"):
                (decoded,) = self._decode([value])
                object.__setattr__(error, attribute, decoded)
        return error

    def _kind(self, reference: Any) -> tuple[type[BaseException] | None, str]:
        """Return the class of an exception, or None and the name of one that is not to be seen."""
        if type(reference) is int:
            kind: Any = self._mirrors.classes[reference]
            name = str(kind.__name__)
        else:
            module, name = reference["L"]
            kind = library(module, name)
        if kind is not None and not issubclass(kind, BaseException):
            raise WireError("no exception")
        hidden = kind is None or issubclass(kind, (AssertionError, GeneratorExit))
        return (None if hidden else kind), str(name)[:_MAX_TEXT]


_BUILTIN = frozenset(
    kind
    for kind in vars(__import__("builtins")).values()
    if isinstance(kind, type) and issubclass(kind, BaseException)
)
