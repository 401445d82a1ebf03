"""The program as the process of the tests sees it: what it is asked, and how it answers.

Every value of the program is rebuilt from builtin data (`whetstone.rewards.sandbox.carrier`), and
anything else ends the run as a violation (`whetstone.rewards.sandbox.channel`). It refuses to let
an exception of the program pass for a failed or a passed test.
"""

import importlib
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from whetstone.rewards.sandbox import ambient, frames
from whetstone.rewards.sandbox.batches import Call
from whetstone.rewards.sandbox.carrier import NO_VALUE, Carrier
from whetstone.rewards.sandbox.channel import MAX_TEXT, Channel, ViolationError
from whetstone.rewards.sandbox.meetings import Meetings
from whetstone.rewards.sandbox.remote import (
    KNOWN,
    Method,
    RefusedError,
    Remote,
    RemoteClass,
    is_known,
    is_programs,
    state_of,
)
from whetstone.rewards.sandbox.signatures import TRUSTED_MODULES
from whetstone.rewards.sandbox.special import ARITHMETIC, ahead_of
from whetstone.rewards.sandbox.verdict import Verdict
from whetstone.rewards.sandbox.wire.values import WireError


class SyntaxErrorInProgram(Exception):  # noqa: N818 - a finding about a program, not a failure
    """The program does not compile."""


class Candidate:
    """One program behind its channel, and the tests' side of everything it is asked.

    Args:
        channel: The descriptor of the channel.
        tests: Source of the tests, for what of this process they may change.

    """

    def __init__(self, channel: int, tests: str = "") -> None:
        self._channel = Channel(channel)
        self._settings = ambient.AmbientSettings(tests)
        self._expects_stop = "StopIteration" in tests or "StopAsyncIteration" in tests
        self._expects_cancelling = "CancelledError" in tests
        self.meetings = Meetings()
        self._wire = Carrier(self, self._module)
        self._namespace: dict[str, Any] = {}
        self._variables: dict[str, Any] = {}
        self.refused: RefusedError | None = None
        """What the tests did first of what they must not, even if they swallowed that it failed."""

    @property
    def broken(self) -> BaseException | None:
        """What ended the run, even if the tests swallowed it."""
        return self._channel.broken

    @property
    def is_watching(self) -> bool:
        """Whether this side compares containers, so that no object may be asked."""
        return self._wire.is_watching

    def define(self, program: str, names: list[str]) -> dict[str, Any]:
        """Run the program; returns those of the names that it defines.

        Raises what the program raised, `SyntaxErrorInProgram`, or one of `channel`'s errors.
        """
        self._channel.send([program, names], frames.MAX_PROGRAM_BYTES)
        reply = self._reply()
        if "syntax" in reply:
            raise SyntaxErrorInProgram(str(reply["syntax"])[:MAX_TEXT])
        encoded = reply.get("names")
        if type(encoded) is not dict or not encoded.keys() <= set(names):
            raise self._channel.end(ViolationError("no names"))
        self._wire.gives = False
        supplied = dict(zip(encoded, self._decoded(encoded.values()), strict=True))
        self._wire.gives = True
        self._channel.has_answered |= not all(map(is_programs, supplied.values()))
        for name, value in supplied.items():
            if name[:1].isupper() and issubclass(type(value), RemoteClass):
                type.__setattr__(value, KNOWN, True)
                self.meetings.make(state_of(value)[1])
        return supplied

    def follow(self, namespace: dict[str, Any], supplied: dict[str, Any]) -> None:
        """Bind variables of the program anew in this namespace whenever it does so itself.

        Those that the tests bind themselves are theirs from then on.
        """
        self._namespace = namespace
        self._variables = {n: value for n, value in supplied.items() if not is_programs(value)}

    def call(self, target: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function or a class."""
        written = self._written(arguments, keywords)
        if not issubclass(type(target), RemoteClass) or not is_known(target):
            return self._ask("call", target, *written)
        made = self._ask("call", target, *written, gives=False)
        if is_programs(made):
            self.meetings.make(state_of(made)[1])
        return made

    def method(
        self, target: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Call a method of an object."""
        return self._ask("method", target, name, *self._written(arguments, keywords))

    def get(self, target: Any, name: str) -> Any:
        """Read an attribute."""
        return self._ask("get", target, name)

    def set(self, target: Any, name: str, value: Any) -> None:
        """Set an attribute."""
        self._ask("set", target, name, *self._encoded([value]))

    def delete(self, target: Any, name: str) -> None:
        """Delete an attribute."""
        self._ask("del", target, name)

    def operate(self, target: Any, operation: str, *arguments: Any) -> Any:
        """Apply one of the operations of `whetstone.rewards.sandbox.program.operations`."""
        gives = operation not in ARITHMETIC
        return self._ask(operation, target, self._encoded(arguments), gives=gives)

    def code(self, target: Any) -> Any:
        """Return what can be seen of the code of a function."""
        found = self._ask("code", target)
        if type(found) is not dict or not all(type(name) is str for name in found):
            raise self._channel.end(ViolationError("no code"))
        return types.SimpleNamespace(**found)

    def following(self, target: Any, count: int) -> tuple[list[Any], Callable[[], None] | None]:
        """Take values from an iterator; behind the last one stands what to call at its end."""
        reply = self._exchange(["next", self._wire.target(target), count])
        values, end = reply.get("r"), reply.get("end")
        if type(values) is not list or len(values) > count or (not values and not end):
            raise self._channel.end(ViolationError("no values"))
        values = self._decoded(values)
        if type(end) is dict:
            return values, lambda: self._raise(end, may_stop=True)
        if type(end) is list:
            returned = self._decoded(end)
            return values, lambda: _stop(returned)
        return values, (lambda: None) if end else None

    def leave(self, target: Any, error: BaseException | None, verb: str = "leave") -> bool:
        """End a block of `with`, or by `aleave` of `async with`.

        Of a failed test or the end of a run the program learns nothing. Nor can it hide an
        exception from the tests.
        """
        is_theirs = isinstance(error, Exception) and not isinstance(error, AssertionError)
        if error is None or is_theirs:
            self._ask(verb, target, *self._encoded([error]))
        return False

    def refuse(self, reason: str) -> NoReturn:
        """Say that the tests did what they must not; whoever catches it, it stays known."""
        self.refused = self.refused or RefusedError(reason)
        raise self.refused

    def cannot_pass(self, what: str) -> NoReturn:
        """Say that the tests hand over what cannot cross: their fault before the first answer."""
        reason = f"the tests cannot pass {what} to the program"
        if self._channel.has_answered:
            self.refuse(reason)
        raise self._channel.end(self._channel.too_much(reason, Verdict.ERROR))

    def run(self, calls: list[Call]) -> None:
        """Make calls whose results nobody looks at, those of the program in one question."""
        batch: list[Any] = []
        try:
            for (owner, name), arguments, keywords in calls:
                if self._can_batch(owner, name):
                    place = ["call", self._target(owner)]
                    place = place if name is None else ["method", place[1], name]
                    batch.append([*place, *self._written(arguments, keywords)])
                    continue
                batch = self._flush(batch)
                (owner if name is None else getattr(owner, name))(*arguments, **keywords)
        finally:
            self._flush(batch)

    def can_call_back(self) -> bool:
        """Tell whether the program was handed a function."""
        return self._wire.has_handed_functions

    def _can_batch(self, owner: Any, name: str | None) -> bool:
        if not is_programs(owner):
            return False
        return name is None or type(inspect.getattr_static(type(owner), name, None)) is Method

    def _flush(self, batch: list[Any]) -> list[Any]:
        if batch:
            self._exchange(["batch", None, batch])
        return []

    def _ask(self, verb: str, target: Any, *rest: Any, gives: bool = True) -> Any:
        """Ask; unless it `gives` something, an object in the answer is what the tests have made."""
        reply = self._exchange([verb, self._target(target), *rest])
        if "r" not in reply:
            raise self._channel.end(ViolationError("no result"))
        self._wire.gives = gives
        try:
            return self._decoded([reply["r"]])[0]
        finally:
            self._wire.gives = True

    def _target(self, target: Any) -> Any:
        ahead = ahead_of(target) if hasattr(type(target), "__next__") else None
        if ahead is not None and ahead.values:
            self.refuse("the tests use an iterator of which values were fetched ahead")
        return self._wire.target(target)

    def _exchange(self, question: list[Any]) -> dict[str, Any]:
        """Ask and wait for the answer."""
        self._send({"q": question})
        is_step = question[0] == "anext" or (question[0] == "method" and question[2] in _STEPS)
        return self._reply(may_stop=is_step or self._expects_stop)

    def _reply(self, *, may_stop: bool = False) -> dict[str, Any]:
        """Wait for the answer; runs the callbacks that the program calls meanwhile."""
        while True:
            reply = self._channel.receive()
            self._take_over(reply)
            self._channel.has_answered |= "names" not in reply
            if "k" not in reply:
                break
            self._send(self._called_back(reply["k"]))
        if "refused" in reply:
            self.refuse(str(reply["refused"])[:MAX_TEXT])
        if "e" in reply:
            self._raise(reply, may_stop=may_stop)
        return reply

    def _send(self, message: dict[str, Any]) -> None:
        """Send a message, with what the program has to know before it goes on."""
        with self._writing():
            more, alone = self._wire.outgoing()
        message.update(more)
        if alone:
            self._wire.forget(alone)
            self._wire.released += alone
        self._wire.sweep()
        if self._wire.released:
            message["x"], self._wire.released = self._wire.released, []
        if changed := self._settings.changed():
            message["s"] = changed
        self._channel.send(message)
        self._wire.sent()

    def _take_over(self, reply: dict[str, Any]) -> None:
        """Take over what a reply says beside the answer: what has changed, and what was said."""
        with self._reading():
            for described in reply.get("c", ()):
                self._wire.mirrors.learn(described)
            self._wire.incoming(reply)
            self._wire.rest(reply.get("p", ()))
            if "g" in reply:
                self._bind(reply["g"])
            warned = self._decoded(reply.get("w", ()))
        if warned or "o" in reply:
            ambient.replay(reply.get("o"), warned)

    def _bind(self, rebound: dict[str, Any]) -> None:
        for name, value in zip(rebound, self._decoded(rebound.values()), strict=True):
            if name in self._variables and self._namespace.get(name) is self._variables[name]:
                self._namespace[name] = self._variables[name] = value

    def _called_back(self, call: Any) -> dict[str, Any]:
        with self._reading():
            number, encoded, keywords = call
            function = self._wire.function(number)
            arguments = self._decoded(encoded)
            named = dict(zip(keywords, self._decoded(keywords.values()), strict=True))
        try:
            return {"r": self._encoded([function(*arguments, **named)])[0]}
        except AssertionError as error:
            # The program could swallow it; a failed assertion of the tests stays one.
            raise self._channel.end(error) from None
        except Exception as error:  # noqa: BLE001 - it belongs to the program now
            return {"e": self._encoded([error])[0]}

    def _raise(self, reply: dict[str, Any], *, may_stop: bool) -> None:
        """Raise an exception of the program."""
        with self._reading():
            error = self._wire.errors.make(reply["e"])
        if isinstance(error, StopIteration | StopAsyncIteration) and not may_stop:
            # It would end whatever iterates over calls, and with it `all(map(...))`: true.
            raise RuntimeError(f"the program raised {type(error).__name__}") from error
        if _is_cancelling(error) and not self._expects_cancelling:
            # A group of tasks takes no notice of one that was cancelled, whatever it asserts.
            raise RuntimeError("the program raised CancelledError") from error
        raise error

    def _written(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> list[Any]:
        with self._writing():
            written = [self._wire.argument(value) for value in arguments]
            return [written, {n: self._wire.argument(value) for n, value in keywords.items()}]

    def _encoded(self, values: Iterable[Any]) -> list[Any]:
        with self._writing():
            return self._wire.items(values, 1)

    def _decoded(self, data: Iterable[Any]) -> list[Any]:
        with self._reading():
            return [self._wire.decode(part) for part in data]

    def _module(self, name: Any) -> Any:
        if name in TRUSTED_MODULES:
            return importlib.import_module(name)
        return _NoModule(self, str(name)[:MAX_TEXT])

    def _reading(self) -> "_Reading":
        return _Reading(self._channel)

    def _writing(self) -> "_Writing":
        return _Writing(self._channel)


_STEPS = frozenset({"send", "throw", "asend", "athrow"})
"""Methods of generators and coroutines, which end by `StopIteration`."""


class _NoModule:
    """A module of the program that the tests have no copy of."""

    def __init__(self, remote: Remote, name: str) -> None:
        self._remote = remote
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        self._remote.refuse(f"the tests use the program's module {self._name!r}")


class _Reading:
    """Turns whatever goes wrong while an answer is read into a violation."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is not None and issubclass(kind, NO_VALUE):
            reason = ViolationError(f"a value that is none: {kind.__name__}")
            raise self._channel.end(reason) from error


class _Writing:
    """Turns a value of the tests that cannot cross into the end of the run."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is not None and issubclass(kind, WireError):
            text = f"the tests cannot pass a value to the program: {error}"
            raise self._channel.end(self._channel.too_much(text, Verdict.ERROR)) from error


def _is_cancelling(error: BaseException) -> bool:
    kinds = type.mro(type(error))
    return any(
        (kind.__module__, kind.__name__) == ("asyncio.exceptions", "CancelledError")
        for kind in kinds
    )


def _stop(returned: list[Any]) -> NoReturn:
    raise StopIteration(*returned)
