"""The process of one program: define it, and answer what the tests ask of it.

It shares its process with the program, so nothing it says is proof. It never sees the tests: it
learns the names they use and, call by call, the arguments. Whatever it answers is read as data by
`whetstone.rewards.sandbox.candidate`. The walls are up before the program's source arrives.
"""

import os
import sys
import types
from collections.abc import Iterator
from typing import Any, NoReturn

from whetstone.rewards.sandbox import event_loop, frames
from whetstone.rewards.sandbox.ambient import Reports
from whetstone.rewards.sandbox.infinite_loops import Watch
from whetstone.rewards.sandbox.program import threads
from whetstone.rewards.sandbox.program.operations import OPERATIONS, EqualsAllError, code_of
from whetstone.rewards.sandbox.program.stubs import Imports
from whetstone.rewards.sandbox.text import describe
from whetstone.rewards.sandbox.wire.codec import PROGRAM
from whetstone.rewards.sandbox.wire.values import WireError

CHANNEL = 3
"""The descriptor to the tests: the first after the standard three."""

_VARIABLES = (bool, int, float, str, bytes, complex, tuple, frozenset, type(None))
_CONTAINERS = (list, dict, set)

# Memory to let go of when the program has eaten all of its own, so that this can be said. It is
# never touched, so it costs nothing until then: `bytes` are zeroes of the kernel's, a `bytearray`
# writes its own, and a thousand pages more would be copied with every program.
_BALLAST = [bytes(4 << 20)]


class Child:
    """Answers on the channel until the other side hangs up."""

    def __init__(self) -> None:
        self._wire = Imports(self._ask)
        module = types.ModuleType(PROGRAM)
        sys.modules[PROGRAM] = module  # where dataclasses look a class's own module up
        self._namespace: dict[str, Any] = module.__dict__
        self._variables: dict[str, Any] = {}
        """What the tests know of the program's variables: plain data that may be bound anew."""
        self._reports = Reports()
        self.watch = Watch(_tell_that_it_never_ends)
        """The handler of `SIGVTALRM`, to be installed before `serve`."""

    def serve(self) -> NoReturn:
        """Define the program, then answer until the tests hang up."""
        try:
            self._start(*frames.receive_json(CHANNEL, frames.MAX_PROGRAM_BYTES))
            while True:
                self._answer(self._heard())
        finally:
            # Not sys.exit: neither the zygote's cleanup nor the program's may run in this process.
            os._exit(0)

    def _start(self, program: str, names: list[str]) -> None:
        """Define a program.

        No frame below it keeps its text: it would find there what plain Python hides.
        """
        self.watch.arm()
        code = _compiled(program)
        if code is None:
            return
        if "asyncio" in program:
            event_loop.install()
        threads.put_in(program)
        del program
        self._define(code, names)

    def _define(self, code: types.CodeType, names: list[str]) -> None:
        try:
            exec(code, self._namespace)  # noqa: S102 - running the program is the purpose
            supplied = {name: self._namespace[name] for name in names if name in self._namespace}
            for name, value in supplied.items():
                if isinstance(value, _VARIABLES) or type(value) in _CONTAINERS:
                    self._variables[name] = value
            values = self._wire.items(supplied.values(), 1)
            reply = {"names": dict(zip(supplied, values, strict=True))}
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            reply = self._raised(error)
        self._send(reply)

    def _heard(self) -> dict[str, Any]:
        """Wait for a message; one that this process has no memory for is answered here."""
        while True:
            try:
                message: dict[str, Any] = frames.receive_json(CHANNEL, frames.MAX_QUESTION_BYTES)
                self._wire.incoming(message)
                self._wire.forget(message.get("x", ()))
            except MemoryError as error:
                self._send(self._raised(error))
            else:
                return message

    def _answer(self, message: dict[str, Any]) -> None:
        try:
            if "s" in message:
                self._reports.apply(message["s"])
            reply = self._do(*message["q"])
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            reply = self._raised(error)
        self._send(reply)

    def _do(self, verb: str, place: Any, *rest: Any) -> dict[str, Any]:  # noqa: PLR0911 - in order
        if verb == "batch":
            return self._batch(rest[0])
        is_number = type(place) is int
        target = self._wire.referred(place) if is_number else self._wire.decode(place)
        if verb == "call":
            return self._call(target, *rest)
        if verb == "method":
            return self._call(_method(target, rest[0]), *rest[1:])
        if verb == "get":
            return self._result([getattr(target, rest[0])])
        if verb == "set":
            setattr(target, rest[0], self._wire.decode(rest[1]))
            return {"r": None}
        if verb == "del":
            delattr(target, rest[0])
            return {"r": None}
        if verb == "next":
            return self._next(target, rest[0])
        if verb in {"leave", "aleave"}:
            return self._leave(verb, target, self._wire.decode(rest[0]))
        if verb == "code":
            return self._result([code_of(target)])
        return self._result([OPERATIONS[verb](target, *map(self._wire.decode, rest[0]))])

    def _batch(self, calls: list[Any]) -> dict[str, Any]:
        """Make calls one by one whose results nobody wants."""
        for verb, place, *rest in calls:
            is_number = type(place) is int
            target = self._wire.referred(place) if is_number else self._wire.decode(place)
            if verb == "method":
                target = _method(target, rest.pop(0))
            sent, keywords = rest
            named = {name: self._wire.decode(value) for name, value in keywords.items()}
            target(*[self._wire.decode(value) for value in sent], **named)
        return {"r": None}

    def _call(self, target: Any, sent: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
        arguments = [self._wire.decode(value) for value in sent]
        named = {name: self._wire.decode(value) for name, value in keywords.items()}
        result = [target(*arguments, **named)]
        del arguments, named  # or they would count as held
        return self._result(result)

    def _result(self, result: list[Any]) -> dict[str, Any]:
        return {"r": self._wire.items(result, 1)[0]}

    def _next(self, iterator: Iterator[Any], count: int) -> dict[str, Any]:
        """Take up to `count` values; what ends the iterator is reported behind them."""
        values: list[Any] = []
        end: Any = False
        self._wire.is_still = count == 1
        try:
            for _ in range(count):
                values += self._wire.items([next(iterator)], 1)
        except StopIteration as error:
            end = self._wire.items([error.value], 1) if error.value is not None else True
        except WireError:
            raise
        except BaseException as error:  # noqa: BLE001 - the program's own
            end = self._raised(error)
        finally:
            self._wire.is_still = True
        return {"r": values, "end": end}

    def _leave(self, verb: str, target: Any, error: BaseException | None) -> dict[str, Any]:
        kind = None if error is None else type(error)
        if verb == "aleave":
            event_loop.result_of(type(target).__aexit__(target, kind, error, None))
        else:
            type(target).__exit__(target, kind, error, None)
        return {"r": None}

    def _raised(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, EOFError) and error.args == ("the other side hung up",):
            os._exit(0)
        if isinstance(error, WireError):
            return {"limit": f"a value of the program cannot cross: {error}"}
        if isinstance(error, EqualsAllError):
            return {"refused": str(error)}
        if isinstance(error, MemoryError):
            _BALLAST.clear()
        return {"e": self._wire.error(error)}

    def _send(self, reply: dict[str, Any]) -> None:
        """Answer, with all that has changed meanwhile, or say that the answer is too long."""
        if "limit" not in reply and "refused" not in reply:
            try:
                self._add_changes(reply)
            except (WireError, RecursionError, MemoryError) as error:
                reply = self._raised(error)
        payload = frames.encode_json(reply).encode("ascii")
        if len(payload) > frames.MAX_BYTES:
            text = f"a result takes {len(payload)} bytes, and {frames.MAX_BYTES} are the most"
            payload = frames.encode_json({"limit": text, "large": True}).encode("ascii")
        frames.send(CHANNEL, payload)

    def _add_changes(self, reply: dict[str, Any]) -> None:
        if rebound := self._rebound():
            reply["g"] = rebound
        output, warned = self._reports.taken()
        if output:
            reply["o"] = output
        if warned:
            reply["w"] = self._wire.items(warned, 1)
        more, alone = self._wire.outgoing()
        reply.update(more)
        if alone:
            self._wire.rest(alone)
            reply["p"] = alone
        if self._wire.descriptions:
            reply["c"] = self._wire.descriptions
            self._wire.descriptions = []

    def _rebound(self) -> dict[str, Any]:
        """Return the variables that are bound anew since the tests heard of them."""
        found = {}
        for name, before in self._variables.items():
            now = self._namespace.get(name)
            if now is not before:
                self._variables[name] = now
                found[name] = self._wire.items([now], 1)[0]
        return found

    def _ask(self, number: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function of the tests, which may ask in turn."""
        named = dict(zip(keywords, self._wire.items(keywords.values(), 1), strict=True))
        self._send({"k": [number, self._wire.items(arguments, 1), named]})
        while True:
            message = self._heard()
            if "q" in message:
                self._answer(message)
            elif "e" in message:
                error: BaseException = self._wire.decode(message["e"])
                raise error
            else:
                return self._wire.decode(message["r"])


def _method(target: Any, name: str) -> Any:
    if name == "send" and event_loop.awaits(target):
        return lambda *_: event_loop.end(target)
    return getattr(target, name)


def _compiled(program: str) -> types.CodeType | None:
    """Compile a program, or tell that it is none."""
    try:
        return compile(program, "<solution>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        # The last two are the parser's words for what is nested too deeply.
        frames.send_json(CHANNEL, {"syntax": describe(error)})
        return None


def _tell_that_it_never_ends() -> NoReturn:
    try:
        frames.send_json(CHANNEL, {"endless": True})
    finally:
        os._exit(0)


def rehearse() -> None:
    """Run a harmless program often, in the zygote, while the channel leads nowhere.

    The interpreter rewrites code that runs often. Once that is done it leaves the code alone, and a
    page that no child writes to is a page that no child has to copy: 0.2 ms per program.
    """
    reading, writing = os.pipe()

    def heard(message: Any) -> Any:
        frames.send_json(writing, message)
        return frames.receive_json(reading)

    for _ in range(_REHEARSALS):
        actor = Child()
        program, names = heard([_PLAY, ["f", "g"]])
        actor._define(compile(program, "<solution>", "exec"), names)  # noqa: SLF001 - its own module
        for value in (1, [1, "a", 2.5], {"t": [1, 2]}, {"d": [None, ["a"], [1]]}):
            actor._answer(heard({"q": ["call", 1, [value], {}]}))  # noqa: SLF001
        actor._answer(heard({"q": ["call", 3, [0], {}]}))  # noqa: SLF001
    del sys.modules[PROGRAM]
    os.close(reading)
    os.close(writing)


_REHEARSALS = 50
_PLAY = """
import math, re
from collections import Counter
def f(x):
    if isinstance(x, (list, tuple)):
        return [y for y in sorted(Counter(x), key=str)]
    return x
def g(x):
    return 1 // x
"""
