"""What a program holds of its tests' objects: functions, iterators and exceptions that stand in.

A function of the tests runs where the tests are; what a program can call is a stub of the same name
and the same parameters, since programs look at those (`curry`). An exception that the tests raised
within a program, and that leaves it again, is the tests' own exception once more.
"""

import builtins
import functools
import importlib
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from whetstone.rewards.sandbox.program.exports import Exports
from whetstone.rewards.sandbox.wire.values import WireError, make_namedtuple

Ask = Callable[[int, tuple[Any, ...], dict[str, Any]], Any]
"""Calls a function of the tests by its number."""


class Imports(Exports):
    """The program's side of the wire, with what the tests hand over."""

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self._ask = ask

    def resolve(self, tag: str, content: Any) -> Any:  # noqa: PLR0911 - a table in order
        """Find or make what a handle of the tests stands for."""
        if tag in {"L", "lib"}:
            module, name = content
            return getattr(importlib.import_module(module), name)
        if tag == "builtin":
            return functools.reduce(getattr, content, builtins)
        if tag == "E":
            return getattr(builtins, content)
        if tag == "bound":
            return getattr(self.things[content[0]], content[1])
        if tag == "nt":
            return self._namedtuple(*content)
        if tag == "err":
            return self.their_error(content)
        if tag == "large" and content[0] in self.things:
            return self.things[content[0]]
        if tag == "large":
            return self._known(content[0], self.decode(content[1]))
        number, *rest = content
        if number in self.things:
            return self.things[number]  # mentioned twice in one message
        return self._known(number, self._stub(tag, number, rest))

    def _known(self, number: int, thing: Any) -> Any:
        self.things[number] = thing
        self.numbers[id(thing)] = number
        return thing

    def _stub(self, tag: str, number: int, rest: list[Any]) -> Any:
        if tag == "k":
            return self._function(number, *rest)
        if tag == "i":
            return _iterator(rest[0], lambda: self._ask(number, (), {}))
        if tag == "token":
            return object()
        raise WireError(tag)

    def _function(self, number: int, names: list[Any], parameters: list[str] | None) -> Any:
        def call(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
            return self._ask(number, arguments, keywords)

        name, qualified, text = names
        if parameters is None:

            def stub(*arguments: Any, **keywords: Any) -> Any:
                return call(arguments, keywords)

        else:
            code = _code(*parameters).replace(co_name=name, co_qualname=qualified)

            def hand_on(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
                return call(*_given(code.co_varnames, arguments, keywords))

            before = (_LEFT_OUT,) * int(parameters[3])
            stub = FunctionType(code, {"__tests__": hand_on}, name, before or None)
            stub.__kwdefaults__ = dict.fromkeys(parameters[4].split(), _LEFT_OUT) or None
        stub.__name__, stub.__qualname__, stub.__doc__ = name, qualified, text
        stub.__module__ = "__main__"
        return stub

    def _namedtuple(self, kind: Any, items: list[Any]) -> Any:
        values = self._decoded(items)
        if type(kind) is int:
            return tuple.__new__(self.things[kind], values)
        number, name, fields = kind
        if number not in self.things:
            self._known(number, make_namedtuple(name, fields))
        return tuple.__new__(self.things[number], values)

    def their_error(self, described: dict[str, Any]) -> BaseException:
        """Make an exception that stands for one of the tests."""
        kind = self.decode(described["c"])
        if "own" in described:
            kind = type(described["own"], (kind,), {"__module__": "__main__"})
        arguments = self._decoded(described["a"])
        try:
            error: BaseException = kind(*arguments)
        except TypeError:
            error = kind.__new__(kind)
        error.args = tuple(arguments)
        self._known(described["n"], error)
        return error

    def error(self, error: BaseException, depth: int = 0) -> dict[str, Any]:
        """Describe an exception; of one of the tests only the number."""
        number = self.numbers.get(id(error), 1)
        return super().error(error, depth) if number & 1 else {"@": number}


@functools.cache
def _code(signature: str, positional: str, named: str, *_: str) -> CodeType:
    """Compile a function of a signature that hands on what it is called with."""
    source = f"lambda {signature}: __tests__(({positional}), {{{named}}})"
    code: CodeType = eval(source).__code__  # noqa: S307 - the tests wrote it
    return code


class _LeftOut:
    """Stands for the defaults of the tests' functions, which may tell what they expect."""

    def __repr__(self) -> str:
        return "..."


_LEFT_OUT = _LeftOut()


def _given(
    names: tuple[str, ...], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Leave out what was not given."""
    first = next((n for n, value in enumerate(arguments) if value is _LEFT_OUT), len(arguments))
    named = dict(zip(names[first:], arguments[first:], strict=False)) | keywords
    return arguments[:first], {n: value for n, value in named.items() if value is not _LEFT_OUT}


def _iterator(name: str, following: Callable[[], Any]) -> Iterator[Any]:
    """Make an iterator whose class is named like that of the tests' own."""
    if name == "generator":
        return _generate(following)
    members = {"__slots__": (), "__iter__": lambda self: self, "__next__": lambda _: following()}
    made: Iterator[Any] = type(name, (), members)()
    return made


def _generate(following: Callable[[], Any]) -> Iterator[Any]:
    while True:
        try:
            value = following()
        except StopIteration:
            return
        yield value
