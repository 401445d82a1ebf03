"""The process of one program: define it, then answer what the tests ask of it.

It shares its process with the program, so nothing it says is proof. It never sees the tests: it
learns the names they use and, call by call, the arguments. Whatever it answers is read as data by
`whetstone.rewards.sandbox.candidate`. The walls are up before the program's source arrives.
"""

import builtins
import operator
import os
import sys
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from whetstone.rewards.sandbox import frames, wire
from whetstone.rewards.sandbox.infinite_loops import Watch
from whetstone.rewards.sandbox.text import describe

CHANNEL = 3
"""The descriptor to the tests: the first after the standard three."""

_MUTABLE = (list, dict, set, bytearray, deque, Counter, OrderedDict, defaultdict)
_MUTABLE_TAGS = frozenset({"d", "s", "B", "q", "Q", "C", "O", "dd"})
_MAX_ERROR_ARGUMENTS = 4

# Memory to let go of when the program has eaten all of its own, so that this can be said. It is
# never touched, so it costs nothing until then.
_BALLAST = [bytearray(4 << 20)]

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "str": str,
    "repr": repr,
    "iter": iter,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "contains": operator.contains,
    "bool": bool,
    "enter": lambda target: type(target).__enter__(target),
    "isinstance": lambda kind, instance: isinstance(instance, kind),
    "issubclass": lambda kind, subclass: issubclass(subclass, kind),
    "rmul": lambda right, left: left * right,
}
_ARITHMETIC = frozenset(
    {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "invert"}
    | {"and_", "or_", "xor", "lshift", "rshift"}
)


class _CallbackError(Exception):
    """A function of the tests raised something that has no builtin name."""


class Child:
    """Answers on the channel until the other side hangs up."""

    def __init__(self) -> None:
        self._held: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._lent: dict[int, _Lent] = {}
        module = types.ModuleType(wire.PROGRAM)
        sys.modules[wire.PROGRAM] = module  # where dataclasses look a class's own module up
        self._namespace: dict[str, Any] = module.__dict__
        self.watch = Watch(_tell_that_it_never_ends)
        """The handler of `SIGVTALRM`, to be installed before `serve`."""

    def serve(self) -> NoReturn:
        """Define the program, then answer until the tests hang up."""
        try:
            self.watch.arm()
            self._define(*frames.receive_json(CHANNEL, frames.MAX_PROGRAM_BYTES))
            while True:
                self._answer(self._asked())
        finally:
            # Not sys.exit: neither the zygote's cleanup nor the program's may run in this process.
            os._exit(0)

    def _define(self, program: str, names: list[str]) -> None:
        try:
            code = compile(program, "<solution>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            # The last two are the parser's words for what is nested too deeply.
            frames.send_json(CHANNEL, {"syntax": describe(error)})
            return
        try:
            exec(code, self._namespace)  # noqa: S102 - running the program is the purpose
            reply = {"names": self._supplied(names)}
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            reply = self._raised(error)
        _send(reply)

    def _supplied(self, names: list[str]) -> dict[str, Any]:
        return {n: self._encode(self._namespace[n]) for n in names if n in self._namespace}

    def _answer(self, message: list[Any]) -> None:
        try:
            reply = self._do(*message)
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            reply = self._raised(error)
        _send(reply)

    def _asked(self) -> list[Any]:
        """Wait for a question; one that this process has no memory for is answered here."""
        while True:
            try:
                message: list[Any] = frames.receive_json(CHANNEL, frames.MAX_QUESTION_BYTES)
            except MemoryError as error:
                _send(self._raised(error))
            else:
                return message

    def _do(self, verb: str, *rest: Any) -> dict[str, Any]:
        if verb == "call":
            return self._call(*rest)
        if verb == "names":
            return {"names": self._supplied(rest[0])}
        return self._operate(verb, self._held[rest[0]], *rest)

    def _operate(self, verb: str, target: Any, *rest: Any) -> dict[str, Any]:
        if verb == "get":
            return {"r": self._encode(getattr(target, rest[1]))}
        if verb == "set":
            setattr(target, rest[1], self._decode(rest[2]))
            return {"r": None}
        if verb == "next":
            return self._next(rest[0], target, rest[1])
        if verb == "leave":
            return self._leave(target, rest[1])
        arguments = [self._decode(argument) for argument in rest[1]]
        operation = getattr(operator, verb) if verb in _ARITHMETIC else _OPERATIONS[verb]
        return {"r": self._encode(operation(target, *arguments))}

    def _call(self, number: int, sent: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
        arguments = [self._decode(argument) for argument in sent]
        decoded = {name: self._decode(value) for name, value in keywords.items()}
        result = self._held[number](*arguments, **decoded)
        lent: _Lent = []
        for index, before in enumerate(sent):
            kind = type(before)
            if kind is list or (kind is dict and _may_change(before)):
                lent.append([index, arguments[index], before])
        for name, before in keywords.items():
            if _may_change(before):
                lent.append([name, decoded[name], before])
        reply: dict[str, Any] = {}
        if type(result) in _MUTABLE:
            for index, argument, _ in lent:
                if result is argument:
                    reply = {"same": index}
        reply = reply or {"r": self._encode(result)}
        if lent and hasattr(type(result), "__next__"):
            self._lent[self._number(result)] = lent
        return self._with_changes(reply, lent) if lent else reply

    def _with_changes(self, reply: dict[str, Any], lent: "_Lent") -> dict[str, Any]:
        """Say how the arguments look that have changed since they were sent."""
        changed = []
        for entry in lent:
            index, argument, before = entry
            after = self._encode(argument)
            if after != before:
                entry[2] = after
                changed.append([index, after])
        if changed:
            reply["m"] = changed
        return reply

    def _next(self, number: int, iterator: Iterator[Any], count: int) -> dict[str, Any]:
        """Take up to `count` values; what ends the iterator is reported behind them."""
        values: list[Any] = []
        end: Any = False
        try:
            for _ in range(count):
                values.append(self._encode(next(iterator)))  # noqa: PERF401 - those before an exception count
        except StopIteration:
            end = True
        except wire.WireError:
            raise
        except BaseException as error:  # noqa: BLE001 - the program's own
            end = self._raised(error)
        reply: dict[str, Any] = {"r": values, "end": end}
        # Ahead of its reader it has changed more than its reader should see.
        lent = self._lent.get(number) if count == 1 or end else None
        return self._with_changes(reply, lent) if lent else reply

    def _leave(self, target: Any, described: list[str] | None) -> dict[str, Any]:
        kind, error = None, None
        if described is not None:
            kind = getattr(builtins, described[0], _CallbackError)
            error = kind(described[1])
        type(target).__exit__(target, kind, error, None)
        return {"r": None}

    def _raised(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, EOFError) and error.args == ("the other side hung up",):
            os._exit(0)
        if isinstance(error, wire.WireError):
            return {"limit": f"a value of the program cannot cross: {error}"}
        if isinstance(error, MemoryError):
            _BALLAST.clear()
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
        try:
            arguments = [self._encode(item) for item in error.args[:_MAX_ERROR_ARGUMENTS]]
        except BaseException:  # noqa: BLE001 - the arguments are the program's own
            arguments = []
        reply: dict[str, Any] = {
            "e": kinds,
            "n": type(error).__name__,
            "a": arguments,
            "t": describe(error),
        }
        if type(error).__module__ == wire.PROGRAM:
            # It stays, so that the tests can read its attributes; the frames it came from need not.
            held = self._number(error.with_traceback(None))
            reply |= {"c": self._error_class(type(error)), "o": held}
        return reply

    def _error_class(self, kind: type) -> list[Any]:
        """Describe an exception class of the program: number, name, bases."""
        bases = [
            base.__name__ if base.__module__ == "builtins" else self._error_class(base)
            for base in kind.__bases__
            if issubclass(base, BaseException)
        ]
        return [self._number(kind), kind.__name__, bases]

    def _number(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._held)
            self._held.append(value)  # alive from now on, so that its id stays its own
        return number

    def _encode(self, value: Any) -> Any:
        return wire.encode(value, self._hold)

    def _decode(self, data: Any) -> Any:
        return wire.decode(data, self._resolve)

    def _hold(self, value: Any) -> dict[str, Any]:
        number = self._number(value)
        if type(value) is types.FunctionType:  # most are
            return {"function": number}
        if isinstance(value, types.ModuleType):
            return {"module": value.__name__}
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"error": self._error_class(value)}
        if hasattr(type(value), "__next__"):
            return {"iterator": number}
        return {"function" if callable(value) else "object": number}

    def _resolve(self, tag: str, content: Any) -> Any:
        if tag == "held":
            return self._held[content]
        if tag in {"builtin", "E"}:
            return getattr(builtins, content)
        if tag == "callback":
            stub: Any = self._stub(content[0])
            stub.__name__ = stub.__qualname__ = content[1]
            return stub
        if tag == "iterate":
            return _iterate(self._stub(content))
        raise wire.WireError(tag)

    def _stub(self, number: int) -> Callable[..., Any]:
        """Make a function that calls one of the tests, which may call back in turn."""

        def callback(*arguments: Any, **keywords: Any) -> Any:
            encoded = {name: self._encode(value) for name, value in keywords.items()}
            call = [number, [self._encode(value) for value in arguments], encoded]
            _send({"callback": call})
            while True:
                message = self._asked()
                if message[0] == "returned":
                    return self._decode(message[1])
                if message[0] == "raised":
                    if message[3] is not None:
                        raise self._held[message[3]]
                    kind = getattr(builtins, message[1], _CallbackError)
                    raise kind(message[2])
                self._answer(message)

        return callback


_Lent = list[list[Any]]
"""Arguments that a call may have changed: name or place, value, and how the tests know it."""


def _may_change(sent: Any) -> bool:
    if type(sent) is dict:
        return not _MUTABLE_TAGS.isdisjoint(sent) or any(map(_may_change, sent.get("t", ())))
    return type(sent) is list


def _send(reply: dict[str, Any]) -> None:
    """Answer, or say that the answer is too long."""
    payload = frames.encode_json(reply).encode("ascii")
    if len(payload) > frames.MAX_BYTES:
        text = f"a result takes {len(payload)} bytes, and {frames.MAX_BYTES} are the most"
        payload = frames.encode_json({"limit": text, "large": True}).encode("ascii")
    frames.send(CHANNEL, payload)


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

    def heard(message: list[Any]) -> Any:
        frames.send_json(writing, message)
        return frames.receive_json(reading)

    for _ in range(_REHEARSALS):
        actor = Child()
        actor._define(*heard([_PLAY, ["f", "g"]]))  # noqa: SLF001 - its own module
        for arguments in ([1], [[1, "a", 2.5]], [{"t": [1, 2]}], [{"d": [["a", 1]]}]):
            actor._answer(heard(["call", 0, arguments, {}]))  # noqa: SLF001
        actor._answer(heard(["call", 1, [0], {}]))  # noqa: SLF001
    del sys.modules["solution"]
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


def _iterate(following: Callable[[], Any]) -> Iterator[Any]:
    while True:
        try:
            value = following()
        except StopIteration:
            return
        yield value
