"""What a program's side says of its objects: handles, and descriptions of their classes.

An object stays with the program. The tests get its number and, once, a description of its class, so
that they can hold something of the same name and bases, with the same special methods. All of it is
the program's own word, so the tests take it for nothing more than that.
"""

import types
from collections.abc import Iterable
from typing import Any

from whetstone.rewards.sandbox.wire.codec import PROGRAM, Codec
from whetstone.rewards.sandbox.wire.kinds import KINDS, WireKind
from whetstone.rewards.sandbox.wire.rare_kinds import kind_of
from whetstone.rewards.sandbox.wire.values import WireError, writer_of

_BINARY = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "pow"),
    *("and", "or", "xor", "lshift", "rshift"),
)
_NAMES = (
    *(prefix + name for name in _BINARY for prefix in ("", "r", "i")),
    *("divmod", "rdivmod", "neg", "pos", "invert", "abs", "int", "float", "complex", "index"),
    *("round", "trunc", "floor", "ceil", "eq", "ne", "lt", "le", "gt", "ge", "hash", "bool"),
    *("len", "length_hint", "getitem", "setitem", "delitem", "contains", "missing", "iter"),
    *("await", "aiter", "anext", "aenter", "aexit"),
    *("next", "reversed", "call", "enter", "exit", "str", "repr", "format", "bytes", "fspath"),
)
SPECIAL = frozenset(f"__{name}__" for name in _NAMES)
"""The special methods that tests can reach."""

MIXINS = frozenset({"collections.abc", "numbers", "contextlib"})
"""Modules of the library whose base classes only add to what a class does, so that the tests use
their own copies of them."""

_UNUSED = frozenset({"typing", "abc"})
_WRAPPERS = frozenset({"UserDict", "UserList", "UserString"})
_DATA_BASES = frozenset({int, float, complex, str, bytes, tuple, frozenset, *KINDS})
_METHODS = (types.FunctionType, types.MethodDescriptorType)
_FUNCTIONS: dict[type, str] = {
    types.FunctionType: "function",
    types.MethodType: "method",
    types.BuiltinFunctionType: "builtin",
}
_MOST_NAMES = 500
_MOST_TEXT = 10_000
_MOST_ARGUMENTS = 100
_MOST_CAUSES = 10


def data_base(kind: type) -> type | None:
    """Return the plain type that a class derives from, and whose contents therefore cross."""
    for base in kind.__mro__:
        if base in _DATA_BASES:
            return base
    return None


class Exports(Codec):
    """The program's side of the wire."""

    def __init__(self) -> None:
        super().__init__(1)
        self.things: dict[int, Any] = {}
        """Objects by number, alive for as long as the tests may ask for them."""
        self.descriptions: list[Any] = []
        """Those of classes that the tests do not know yet."""

    def keep(self, value: Any) -> int:
        """Give an object a number under which the tests can ask for it."""
        number = self.number(value)
        self.things[number] = value
        return number

    def forget(self, numbers: Iterable[int]) -> None:
        """Let go of what the tests have done with."""
        super().forget(numbers)
        for number in numbers:
            thing = self.things.pop(number, None)
            if thing is not None:
                self.numbers.pop(id(thing), None)

    def referred(self, number: int) -> Any:
        """Return the object or container with a number."""
        return self.things[number] if number in self.things else super().referred(number)

    def hold(self, value: Any, kind: type, depth: int) -> Any:  # noqa: PLR0911 - a table in order
        """Return the handle of an object of the program, or of one that the tests gave it."""
        number = self.numbers.get(id(value), 1)
        if not number & 1:
            return {"@": number}
        if kind in _FUNCTIONS:
            return {"fn": [self.keep(value), _FUNCTIONS[kind]]}
        if issubclass(kind, type):
            return {"cls": self.class_number(value)}
        if issubclass(kind, types.ModuleType):
            return {"mod": str(value.__name__)}
        if issubclass(kind, BaseException):
            return {"err": self.error(value)}
        base = data_base(kind)
        if base is not None:
            return self._derived(value, kind, base, depth)
        return {"obj": [self.keep(value), self.class_number(kind)]}

    def _derived(self, value: Any, kind: type, base: type, depth: int) -> Any:
        """Write an instance of a subclass of a plain type: what it holds, and its handle."""
        container = kind_of(base)
        if container is not None:
            self.keep(value)
            return self.container(value, container, depth, 0)
        stripped = plain(value, base)
        if base is tuple and _fields(kind) is not None:
            return {"nt": [self.class_number(kind), self.items(stripped, depth + 1)]}
        payload = self.encode(stripped, depth + 1)
        return {"val": [self.keep(value), self.class_number(kind), payload]}

    def form(self, value: Any, kind: WireKind) -> list[Any]:
        """Return the tag of a container; of a subclass also its class."""
        tag, head = super().form(value, kind)
        own = type(value)
        return [tag if own is kind.base else [self.class_number(own), tag], head]

    def class_number(self, kind: type) -> int:
        """Return the number of a class, which is described once."""
        number = self.numbers.get(id(kind))
        if number is None:
            number = self.keep(kind)
            self.descriptions.append(self._described(number, kind))
        return number

    def _described(self, number: int, kind: type) -> list[Any]:
        bases = [reference for base in kind.__bases__ if (reference := self._base(base))]
        members = dict(vars(kind))
        extra: dict[str, Any] = {}
        if type(doc := members.get("__doc__")) is str:
            extra["doc"] = doc[:_MOST_TEXT]
        meta = type(kind)
        if meta is not type and meta.__module__ not in _UNUSED:
            extra["meta"] = self.class_number(meta)
        elif meta is not type and not _decides_who_is_below(kind):
            extra["abstract"] = True
        if (fields := _fields(kind)) is not None:
            extra["fields"] = fields
        if "__dataclass_fields__" in members:
            extra["dataclass"] = [str(name) for name in members["__dataclass_fields__"]]
        if _compares_fields(members):
            extra["eq"] = "fields"
        if hasattr(kind, "__class_getitem__"):
            extra["generic"] = True
        if members.get("__hash__", 0) is None:
            extra["unhashable"] = True
        special = [name for name in members if name in SPECIAL and members[name] is not None]
        methods = [
            name
            for name, member in members.items()
            if type(name) is str and isinstance(member, _METHODS) and not name.startswith("__")
        ]
        names = [str(kind.__module__), str(kind.__name__), str(kind.__qualname__)]
        return [number, names, bases, special, methods[:_MOST_NAMES], extra]

    def _base(self, base: type) -> Any:
        if base is object or base.__module__ in _UNUSED:
            return {"T": "type"} if issubclass(base, type) else None
        name = base.__name__
        if base.__module__ in MIXINS or (base.__module__ == "collections" and name in _WRAPPERS):
            return {"L": [base.__module__, name]}
        if issubclass(base, BaseException) and base.__module__ != PROGRAM:
            return {"L": [base.__module__, base.__qualname__]}
        written = writer_of(base, type(base))
        if written is not None:
            return {written[0]: written[1](self, base, 0)}
        if base in KINDS:
            return {"L": [base.__module__, name]}
        return self.class_number(base)

    def error(self, error: BaseException, depth: int = 0) -> dict[str, Any]:
        """Describe an exception: its class, arguments and attributes, and what it came from."""
        kind = type(error)
        described: dict[str, Any] = {"c": self._base(kind), "a": self._arguments(error)}
        if kind.__module__ == PROGRAM:
            described["n"] = self.keep(error)  # the tests can read its attributes
        else:
            described["d"] = self._plain_attributes(error)
        if depth < _MOST_CAUSES:
            self._add_causes(described, error, depth + 1)
        return described

    def _add_causes(self, described: dict[str, Any], error: BaseException, depth: int) -> None:
        for name in ("__cause__", "__context__"):
            cause = getattr(error, name)
            if cause is not None:
                described[name] = self.error(cause, depth)
        notes = getattr(error, "__notes__", None)
        if type(notes) is list:
            described["notes"] = [note for note in notes if type(note) is str]
        if error.__suppress_context__:
            described["alone"] = True
        if isinstance(error, BaseExceptionGroup):
            described["group"] = [self.error(part, depth) for part in error.exceptions]

    def _arguments(self, error: BaseException) -> list[Any]:
        if isinstance(error, BaseExceptionGroup):
            return [str(error.message)]
        return [self._or_text(argument) for argument in error.args[:_MOST_ARGUMENTS]]

    def _plain_attributes(self, error: BaseException) -> dict[str, Any]:
        found = {
            name: getattr(error, name, None) for name in ("name", "path") if hasattr(error, name)
        }
        found |= {name: value for name, value in vars(error).items() if type(name) is str}
        return {name: self._or_text(value) for name, value in found.items() if name[:2] != "__"}

    def _or_text(self, value: Any) -> Any:
        """Write what stands in an exception, in words if it cannot cross."""
        try:
            return self.items([value], 1)[0]
        except WireError:
            return f"<{type(value).__name__}>"


def _decides_who_is_below(kind: type) -> bool:
    hooks = (vars(base).get("__subclasshook__") for base in kind.__mro__)
    return any(getattr(hook, "__module__", "") == PROGRAM for hook in hooks)


def plain(value: Any, base: Any) -> Any:
    """Strip a value to a plain type, by that type's own methods, so that none of its own run."""
    if base is tuple or base is frozenset:
        return base(base.__iter__(value))
    if base is bytes:
        return bytes.__getitem__(value, slice(None))
    if base is complex:
        return complex(complex.__add__(value, 0))
    return _STRIP[base](value)


_STRIP: dict[Any, Any] = {int: int.__index__, float: float.__float__, str: str.__str__}


def _fields(kind: type) -> list[str] | None:
    """Return the fields of a namedtuple."""
    fields = getattr(kind, "_fields", None)
    if not issubclass(kind, tuple) or type(fields) is not tuple:
        return None
    return [str(field) for field in fields]


def _compares_fields(members: dict[str, Any]) -> bool:
    """Whether a class has the `__eq__` that `dataclass` writes."""
    code = getattr(members.get("__eq__"), "__code__", None)
    return "__dataclass_params__" in members and getattr(code, "co_filename", "") == "<string>"
