"""The program as the process of the tests sees it: a channel that carries data.

The far side is hostile. Every frame from it is bounded, every value is rebuilt from builtin data,
and anything else ends the run as a violation. It refuses to let an exception of the program pass
for a failed or a passed test: exceptions arrive by name, and never as `AssertionError`.
"""

import builtins
import importlib
import types
from collections import deque
from collections.abc import Callable
from typing import Any

from whetstone.rewards.sandbox import frames, wire
from whetstone.rewards.sandbox.errors import ErrorClasses, ProgramErrorClass
from whetstone.rewards.sandbox.remote import (
    RefusedError,
    RemoteFunction,
    RemoteIterator,
    RemoteObject,
    number_of,
)
from whetstone.rewards.sandbox.verdict import Verdict

_MAX_TEXT = 1000

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

_EXCEPTIONS: dict[str, type[Exception]] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not issubclass(kind, (AssertionError, Warning))
}


class RemoteError(Exception):
    """An exception of the program that has no builtin name, or one that the tests must not see."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class SyntaxErrorInProgram(Exception):  # noqa: N818 - a finding about a program, not a failure
    """The program does not compile."""


class ViolationError(BaseException):
    """What the program sent is no answer. No test can catch it."""


class DiedError(BaseException):
    """The program's process is gone, or has closed its channel. No test can catch it."""


class EndlessError(BaseException):
    """The program is in a loop that cannot end. No test can catch it."""


class LimitError(BaseException):
    """A value is too large or too deep to cross, which says what the verdict is. Never caught."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


class Candidate:
    """One program behind its channel."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._callbacks: list[Callable[..., Any]] = []
        self._objects: dict[int, RemoteObject | RemoteIterator] = {}
        self._lent: dict[int, dict[int | str, Any]] = {}
        self._errors = ErrorClasses(self, _EXCEPTIONS)
        self.broken: BaseException | None = None
        """What ended the run, even if the tests swallowed it."""

    def define(self, program: str, names: list[str]) -> dict[str, Any]:
        """Run the program; returns those of the names that it defines.

        Raises what the program raised, `SyntaxErrorInProgram`, `ViolationError` or `DiedError`.
        """
        reply = self._exchange([program, names], frames.MAX_PROGRAM_BYTES)
        if "syntax" in reply:
            raise SyntaxErrorInProgram(str(reply["syntax"])[:_MAX_TEXT])
        return self._names(reply, names)

    def names(self, names: list[str]) -> dict[str, Any]:
        """Look names up again: data may have changed since."""
        return self._names(self._exchange(["names", names]), names)

    def call(self, number: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function; its arguments then look as the program left its copies."""
        encoded = {name: self._encode(value) for name, value in keywords.items()}
        reply = self._exchange(["call", number, [self._encode(a) for a in arguments], encoded])
        lent: dict[int | str, Any] = dict(enumerate(arguments))
        lent.update(keywords.items())
        self._return_lent(reply, lent)
        with self._reading():
            if "same" in reply:
                return lent[reply["same"]]
        result = self._result(reply)
        if isinstance(result, RemoteIterator):  # it may go on to change them
            self._lent[number_of(result)] = lent
        return result

    def _return_lent(self, reply: dict[str, Any], lent: dict[int | str, Any]) -> None:
        with self._reading():
            for index, after in reply.get("m", ()):
                _copy_back(lent[index], self._decode(after))

    def get(self, number: int, name: str) -> Any:
        """Read an attribute."""
        return self._result(self._exchange(["get", number, name]))

    def set(self, number: int, name: str, value: Any) -> None:
        """Set an attribute."""
        self._exchange(["set", number, name, self._encode(value)])

    def operate(self, number: int, operation: str, *arguments: Any) -> Any:
        """Apply one of the operations of `whetstone.rewards.sandbox.child`."""
        message = [operation, number, [self._encode(argument) for argument in arguments]]
        return self._result(self._exchange(message))

    def following(self, number: int, count: int) -> tuple[list[Any], Callable[[], None] | None]:
        """Take values from an iterator; behind the last one stands what to call at its end."""
        reply = self._exchange(["next", number, count])
        self._return_lent(reply, self._lent.get(number, {}))
        values = self._result(reply)
        end = reply.get("end")
        if type(values) is not list or len(values) > count or (not values and not end):
            raise self._break(ViolationError("no values"))
        if type(end) is dict:
            return values, lambda: self._raise(end)
        return values, (lambda: None) if end else None

    def leave(self, number: int, error: BaseException | None) -> None:
        """End a `with` block. Of a failed test or the end of a run the program learns nothing."""
        if error is None:
            self._exchange(["leave", number, None])
        elif isinstance(error, Exception) and not isinstance(error, AssertionError):
            self._exchange(["leave", number, [type(error).__name__, str(error)]])

    def _exchange(
        self, message: list[Any], most: int = frames.MAX_QUESTION_BYTES
    ) -> dict[str, Any]:
        """Ask and wait for the answer; runs the callbacks that the program calls meanwhile."""
        self._send(message, most)
        while True:
            reply = self._receive()
            if "callback" not in reply:
                break
            self._send(self._called_back(reply["callback"]))
        if "endless" in reply:
            raise self._break(EndlessError("it repeats itself without end"))
        if "limit" in reply:
            verdict = Verdict.OUT_OF_MEMORY if reply.get("large") is True else Verdict.ERROR
            raise self._break(LimitError(verdict, str(reply["limit"])[:_MAX_TEXT]))
        if "e" in reply:
            self._raise(reply)
        return reply

    def _send(self, message: list[Any], most: int = frames.MAX_QUESTION_BYTES) -> None:
        if self.broken is not None:
            raise self.broken
        payload = frames.encode_json(message).encode("ascii")
        if len(payload) > most:
            text = f"the tests pass {len(payload)} bytes to the program, and {most} are the most"
            raise self._break(LimitError(Verdict.INFRA_ERROR, text))
        try:
            frames.send(self._channel, payload)
        except OSError as error:
            raise self._break(DiedError("it hung up")) from error

    def _receive(self) -> dict[str, Any]:
        try:
            reply = frames.receive_json(self._channel)
        except (OSError, EOFError) as error:
            raise self._break(DiedError("it hung up")) from error
        except frames.FrameError as error:
            raise self._break(ViolationError(str(error))) from error
        except MemoryError as error:
            text = "a result is too large for the process of the tests"
            raise self._break(LimitError(Verdict.OUT_OF_MEMORY, text)) from error
        if type(reply) is not dict:
            raise self._break(ViolationError("no reply"))
        return reply

    def _break(self, reason: BaseException) -> BaseException:
        self.broken = self.broken or reason
        return self.broken

    def _result(self, reply: dict[str, Any]) -> Any:
        if "r" not in reply:
            raise self._break(ViolationError("no result"))
        return self._decode(reply["r"])

    def _names(self, reply: dict[str, Any], asked: list[str]) -> dict[str, Any]:
        names = reply.get("names")
        if type(names) is not dict or not names.keys() <= set(asked):
            raise self._break(ViolationError("no names"))
        return {name: self._decode(value) for name, value in names.items()}

    def _called_back(self, call: Any) -> list[Any]:
        with self._reading():
            number, encoded, keywords = call
            callback = self._callbacks[number]
            arguments = [self._decode(argument) for argument in encoded]
            named = {str(name): self._decode(value) for name, value in keywords.items()}
        try:
            return ["returned", self._encode(callback(*arguments, **named))]
        except AssertionError as error:
            # The program could swallow it; a failed assertion of the tests stays one.
            raise self._break(error) from None
        except Exception as error:  # noqa: BLE001 - it belongs to the program now
            return ["raised", type(error).__name__, str(error), vars(error).get("_handle")]

    def _raise(self, reply: dict[str, Any]) -> None:
        """Raise an exception of the program under its nearest builtin name."""
        with self._reading():
            kinds, name, text = reply["e"], str(reply["n"])[:_MAX_TEXT], str(reply["t"])[:_MAX_TEXT]
            kind = next((_EXCEPTIONS[kind] for kind in kinds if kind in _EXCEPTIONS), Exception)
            arguments = [self._decode(argument) for argument in reply["a"]]
            described, own = reply.get("c"), None
            if described is not None:
                words = "" if text == name else text.removeprefix(f"{name}: ")
                own_kind = self._errors.make(described)
                own = own_kind.stand_in(tuple(arguments), int(reply["o"]), words)
        if own is not None:
            raise own
        if kind is Exception and name != "Exception":
            raise RemoteError(name, text)
        plain = all(isinstance(argument, _PLAIN) for argument in arguments)
        try:
            error = kind(*arguments) if plain else kind(text.removeprefix(f"{name}: "))
        except TypeError:  # such as UnicodeDecodeError, which wants five
            error = RemoteError(name, text)
        raise error

    def _encode(self, value: Any) -> Any:
        try:
            return wire.encode(value, self._hold)
        except wire.WireError as error:
            text = f"the tests cannot pass a value to the program: {error}"
            raise self._break(LimitError(Verdict.INFRA_ERROR, text)) from error

    def _decode(self, data: Any) -> Any:
        with self._reading():
            return wire.decode(data, self._resolve)

    def _reading(self) -> "_Reading":
        return _Reading(self)

    def _hold(self, value: Any) -> dict[str, Any]:
        if isinstance(value, RemoteObject | RemoteIterator):
            return {"held": number_of(value)}  # unread values of an iterator stay behind
        if isinstance(value, ProgramErrorClass):
            return {"held": value._number}  # noqa: SLF001 - made here
        if isinstance(value, types.BuiltinFunctionType) and value.__module__ == "builtins":
            return {"builtin": value.__name__}
        if hasattr(type(value), "__next__"):
            self._callbacks.append(value.__next__)
            return {"iterate": len(self._callbacks) - 1}
        if callable(value):
            self._callbacks.append(value)
            name = str(getattr(value, "__name__", "callback"))
            return {"callback": [len(self._callbacks) - 1, name]}
        raise RefusedError(f"the tests cannot pass a {type(value).__name__} to the program")

    def _resolve(self, tag: str, content: Any) -> Any:
        if tag == "module" and content in TRUSTED_MODULES:
            return importlib.import_module(content)
        if tag == "module":
            return _NoModule(str(content)[:_MAX_TEXT])
        if tag == "error":
            return self._errors.make(content)
        if tag == "E":
            raise self._break(RefusedError(f"a value of the program is the class {content!r:.100}"))
        kind = _PROXIES.get(tag)
        if kind is None or type(content) is not int:
            raise wire.WireError("no value")
        # One proxy per object, so that `is` means what it says.
        if content not in self._objects:
            self._objects[content] = kind(self, content)
        return self._objects[content]


_PLAIN = (str, int, float)
_PROXIES: dict[str, type[RemoteObject] | type[RemoteIterator]] = {
    "function": RemoteFunction,
    "object": RemoteObject,
    "iterator": RemoteIterator,
}


class _NoModule:
    """A module of the program that the tests have no copy of."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        raise RefusedError(f"the tests use the program's module {self._name!r}")

    __eq__ = __ne__ = RemoteObject.__eq__
    __hash__ = None  # type: ignore[assignment]


class _Reading:
    """Turns whatever goes wrong while an answer is read into a violation."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        expected = (
            wire.WireError,
            TypeError,
            ValueError,
            LookupError,
            AttributeError,
            RecursionError,
        )
        if kind is not None and issubclass(kind, expected):
            reason = ViolationError(f"a value that is none: {kind.__name__}")
            raise self._candidate._break(reason) from error  # noqa: SLF001 - its other half


def _copy_back(before: Any, after: Any) -> None:
    """Let an argument of the tests look as the program left its own copy."""
    kinds = (list, bytearray, dict, set, deque, tuple)
    if not any(isinstance(before, kind) and isinstance(after, kind) for kind in kinds):
        raise ValueError("an argument changed its type")
    if isinstance(before, tuple):
        for part, part_after in zip(before, after, strict=True):
            if isinstance(part, kinds):
                _copy_back(part, part_after)
    elif isinstance(before, list | bytearray):
        before[:] = after
    elif isinstance(before, dict | set):
        before.clear()
        before.update(after)
    elif isinstance(before, deque):
        before.clear()
        before.extend(after)
