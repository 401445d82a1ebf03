"""The program as the process of the tests sees it: a channel that carries data.

The far side is hostile. Every frame from it is bounded, every value is rebuilt from builtin data
(`rewards.sandbox.carrier`), and anything else ends the run as a violation. It refuses to let an
exception of the program pass for a failed or a passed test.
"""

import importlib
import types
from collections.abc import Callable
from typing import Any, NoReturn

from rewards.sandbox import ambient, frames
from rewards.sandbox.carrier import NO_VALUE, TRUSTED_MODULES, Carrier
from rewards.sandbox.remote import KNOWN, RefusedError, Remote, RemoteClass, is_programs
from rewards.sandbox.special import ahead_of
from rewards.sandbox.values import WireError
from rewards.sandbox.verdict import Verdict

_MAX_TEXT = 1000
_MAX_FROM_PROGRAM = 4096
"""Bytes that a program may have sent while what its tests pass is their own doing."""


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
    """One program behind its channel, and the tests' side of everything it is asked."""

    def __init__(self, channel: int, tests: str = "") -> None:
        self._channel = channel
        self._settings = ambient.Settings(tests)
        self._wire = Carrier(self, self._module)
        self._namespace: dict[str, Any] = {}
        self._variables: dict[str, Any] = {}
        self._received = 0
        self.broken: BaseException | None = None
        """What ended the run, even if the tests swallowed it."""
        self.refused: RefusedError | None = None
        """What the tests did first of what they must not, even if they swallowed that it failed."""

    @property
    def is_watching(self) -> bool:
        """Whether this side compares containers, so that no object may be asked."""
        return self._wire.is_watching

    def define(self, program: str, names: list[str]) -> dict[str, Any]:
        """Run the program; returns those of the names that it defines.

        Raises what the program raised, `SyntaxErrorInProgram`, `ViolationError` or `DiedError`.
        """
        reply = self._exchange([program, names], frames.MAX_PROGRAM_BYTES)
        if "syntax" in reply:
            raise SyntaxErrorInProgram(str(reply["syntax"])[:_MAX_TEXT])
        encoded = reply.get("names")
        if type(encoded) is not dict or not encoded.keys() <= set(names):
            raise self._break(ViolationError("no names"))
        supplied = dict(zip(encoded, self._decoded([*encoded.values()]), strict=True))
        for name, value in supplied.items():
            if name[:1].isupper() and issubclass(type(value), RemoteClass):
                type.__setattr__(value, KNOWN, True)
        return supplied

    def follow(self, namespace: dict[str, Any], supplied: dict[str, Any]) -> None:
        """Bind variables of the program anew in this namespace whenever it does so itself.

        Those that the tests bind themselves are theirs from then on.
        """
        self._namespace = namespace
        self._variables = {n: value for n, value in supplied.items() if not is_programs(value)}

    def call(self, target: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function or a class."""
        return self._call(["call", self._target(target)], arguments, keywords)

    def method(
        self, target: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Call a method of an object."""
        return self._call(["method", self._target(target), name], arguments, keywords)

    def _call(
        self, question: list[Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        with self._writing():
            written = [self._wire.argument(value) for value in arguments]
            named = {name: self._wire.argument(value) for name, value in keywords.items()}
        return self._ask([*question, written, named])

    def get(self, target: Any, name: str) -> Any:
        """Read an attribute."""
        return self._ask(["get", self._target(target), name])

    def set(self, target: Any, name: str, value: Any) -> None:
        """Set an attribute."""
        self._ask(["set", self._target(target), name, self._encoded([value])[0]])

    def delete(self, target: Any, name: str) -> None:
        """Delete an attribute."""
        self._ask(["del", self._target(target), name])

    def operate(self, target: Any, operation: str, *arguments: Any) -> Any:
        """Apply one of the operations of `rewards.sandbox.operations`."""
        return self._ask([operation, self._target(target), self._encoded(arguments)])

    def code(self, target: Any) -> Any:
        """Return what can be seen of the code of a function."""
        found = self._ask(["code", self._target(target)])
        if type(found) is not dict or not all(type(name) is str for name in found):
            raise self._break(ViolationError("no code"))
        return types.SimpleNamespace(**found)

    def following(self, target: Any, count: int) -> tuple[list[Any], Callable[[], None] | None]:
        """Take values from an iterator; behind the last one stands what to call at its end."""
        reply = self._exchange({"q": ["next", self._wire.target(target), count]})
        values, end = reply.get("r"), reply.get("end")
        if type(values) is not list or len(values) > count or (not values and not end):
            raise self._break(ViolationError("no values"))
        values = self._decoded(values)
        if type(end) is dict:
            return values, lambda: self._raise(end)
        if type(end) is list:
            returned = self._decoded(end)
            return values, lambda: _stop(returned)
        return values, (lambda: None) if end else None

    def leave(self, target: Any, error: BaseException | None) -> bool:
        """End a `with` block. Of a failed test or the end of a run the program learns nothing.

        Nor can it hide an exception from the tests.
        """
        if error is None or (
            isinstance(error, Exception) and not isinstance(error, AssertionError)
        ):
            self._ask(["leave", self._target(target), self._encoded([error])[0]])
        return False

    def refuse(self, reason: str) -> NoReturn:
        """Say that the tests did what they must not; whoever catches it, it stays known."""
        self.refused = self.refused or RefusedError(reason)
        raise self.refused

    def _ask(self, question: list[Any]) -> Any:
        reply = self._exchange({"q": question})
        if "r" not in reply:
            raise self._break(ViolationError("no result"))
        return self._decoded([reply["r"]])[0]

    def _target(self, target: Any) -> Any:
        ahead = ahead_of(target) if hasattr(type(target), "__next__") else None
        if ahead is not None and ahead.values:
            self.refuse("the tests use an iterator of which values were fetched ahead")
        return self._wire.target(target)

    def _exchange(self, message: Any, most: int = frames.MAX_QUESTION_BYTES) -> dict[str, Any]:
        """Ask and wait for the answer; runs the callbacks that the program calls meanwhile."""
        self._send(message, most)
        while True:
            reply = self._receive()
            if "k" not in reply:
                break
            self._send(self._called_back(reply["k"]))
        if "endless" in reply:
            raise self._break(EndlessError("it repeats itself without end"))
        if "limit" in reply:
            verdict = Verdict.OUT_OF_MEMORY if reply.get("large") is True else Verdict.ERROR
            raise self._break(LimitError(verdict, str(reply["limit"])[:_MAX_TEXT]))
        if "refused" in reply:
            self.refuse(str(reply["refused"])[:_MAX_TEXT])
        if "e" in reply:
            self._raise(reply)
        return reply

    def _send(self, message: Any, most: int = frames.MAX_QUESTION_BYTES) -> None:
        if self.broken is not None:
            raise self.broken
        if type(message) is dict:
            self._add_changes(message)
        payload = frames.encode_json(message).encode("ascii")
        if len(payload) > most:
            text = f"the tests pass {len(payload)} bytes to the program, and {most} are the most"
            own = self._received <= _MAX_FROM_PROGRAM
            verdict = Verdict.INFRA_ERROR if own else Verdict.OUT_OF_MEMORY
            raise self._break(LimitError(verdict, text))
        try:
            frames.send(self._channel, payload)
        except OSError as error:
            raise self._break(DiedError("it hung up")) from error

    def _add_changes(self, message: dict[str, Any]) -> None:
        """Add to a message what the program has to know before it goes on."""
        with self._writing():
            more, alone = self._wire.outgoing()
        message.update(more)
        if alone:
            self._wire.forget(alone)
            self._wire.released += alone
        self._wire.sweep()
        if self._wire.released:
            message["x"] = self._wire.released
            self._wire.released = []
        if changed := self._settings.changed():
            message["s"] = changed

    def _receive(self) -> dict[str, Any]:
        try:
            reply, size = frames.receive_sized(self._channel)
        except (OSError, EOFError) as error:
            raise self._break(DiedError("it hung up")) from error
        except frames.FrameError as error:
            raise self._break(ViolationError(str(error))) from error
        except MemoryError as error:
            text = "a result is too large for the process of the tests"
            raise self._break(LimitError(Verdict.OUT_OF_MEMORY, text)) from error
        self._received += size
        if type(reply) is not dict:
            raise self._break(ViolationError("no reply"))
        with self._reading():
            self._wire.take_classes(reply.get("c", ()))
            self._wire.incoming(reply)
            self._wire.rest(reply.get("p", ()))
            if "g" in reply:
                self._bind(reply["g"])
            warned = self._decoded(reply.get("w", []))
        if warned or "o" in reply:
            ambient.replay(reply.get("o"), warned)
        return reply

    def _bind(self, rebound: dict[str, Any]) -> None:
        for name, value in zip(rebound, self._decoded([*rebound.values()]), strict=True):
            if name in self._variables and self._namespace.get(name) is self._variables[name]:
                self._namespace[name] = self._variables[name] = value

    def _called_back(self, call: Any) -> dict[str, Any]:
        with self._reading():
            number, encoded, keywords = call
            function = self._wire.own(number)
            arguments = self._decoded(encoded)
            named = dict(zip(keywords, self._decoded([*keywords.values()]), strict=True))
        try:
            call = function if callable(function) else function.__next__
            result = call(*arguments, **named)
            return {"r": self._encoded([result])[0]}
        except AssertionError as error:
            # The program could swallow it; a failed assertion of the tests stays one.
            raise self._break(error) from None
        except Exception as error:  # noqa: BLE001 - it belongs to the program now
            return {"e": self._encoded([error])[0]}

    def _raise(self, reply: dict[str, Any]) -> None:
        """Raise an exception of the program."""
        with self._reading():
            error = self._wire.errors.make(reply["e"])
        raise error

    def _encoded(self, values: Any) -> list[Any]:
        with self._writing():
            return self._wire.items(values, 1)

    def _decoded(self, data: list[Any]) -> list[Any]:
        with self._reading():
            return [self._wire.decode(part) for part in data]

    def _module(self, name: Any) -> Any:
        if name in TRUSTED_MODULES:
            return importlib.import_module(name)
        return _NoModule(self, str(name)[:_MAX_TEXT])

    def _break(self, reason: BaseException) -> BaseException:
        self.broken = self.broken or reason
        return self.broken

    def _reading(self) -> "_Reading":
        return _Reading(self)

    def _writing(self) -> "_Writing":
        return _Writing(self)


class _NoModule:
    """A module of the program that the tests have no copy of."""

    def __init__(self, remote: Remote, name: str) -> None:
        self._remote = remote
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        self._remote.refuse(f"the tests use the program's module {self._name!r}")


class _Reading:
    """Turns whatever goes wrong while an answer is read into a violation."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is not None and issubclass(kind, NO_VALUE):
            reason = ViolationError(f"a value that is none: {kind.__name__}")
            raise self._candidate._break(reason) from error  # noqa: SLF001 - its other half


class _Writing:
    """Turns a value of the tests that cannot cross into the end of the run."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is not None and issubclass(kind, WireError):
            text = f"the tests cannot pass a value to the program: {error}"
            reason = LimitError(Verdict.INFRA_ERROR, text)
            raise self._candidate._break(reason) from error  # noqa: SLF001 - its other half


def _stop(returned: list[Any]) -> NoReturn:
    raise StopIteration(*returned)
