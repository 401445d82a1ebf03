"""Special methods of the classes that stand in for a program's, and what they may tell it.

The line: no object of a program is handed what the tests expect, and none answers for data.

- Objects of one program may meet each other: `==`, `<`, `in`, arithmetic. They learn nothing that
  they were not given before, and the answer is the program's word, as in any test that compares
  them. (One that says it equals what it has never seen is refused.)
- Data of the tests never meets a comparison of an object: it is refused, or answered here where no
  code of the program would be asked anyway (no `__eq__` of its own, or None).
- An operator with data, or `in`, reaches an object only if the tests name its class, so that they
  mean an object; and an operator must then give an object. Else `abs(f(x) - 3) < 1e-6` would be for
  whatever `f` returns to answer. `in` is else decided here, by looking at what the object holds.
- What derives from a plain type is that plain value in everything that involves data.
"""

from collections.abc import Callable, Iterator
from typing import Any

from whetstone.rewards.sandbox.remote import ask, is_known, is_programs, remote_of

Special = Callable[..., Any]

_UNARY = ("bool", "bytes", "fspath", "hash", "len", "length_hint", "missing", "repr", "str")
_QUESTIONS = (*_UNARY, "format", "getitem", "setitem", "delitem", "iter", "reversed", "enter")
_NUMBERS = ("abs", "ceil", "complex", "float", "floor", "index", "int", "round", "trunc")
_SIGNS = ("neg", "pos", "invert")
_BINARY = frozenset(
    {"add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "matmul", "pow"}
    | {"and", "or", "xor", "lshift", "rshift"}
)
_COMPARE = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_SCALES = frozenset({"mul", "rmul", "truediv"})
_OPERATOR_NAMES = {"and": "and_", "or": "or_"}


def special(name: str, data: type | None, *, by_fields: bool) -> Special | None:
    """Make the special method of a name without its underscores.

    `data` is the plain type that the class derives from, if any. `by_fields` says that its `__eq__`
    is the one that `dataclass` writes. None leaves it to the bases.
    """
    operation = _OPERATOR_NAMES.get(name, name)
    if name in _COMPARE:
        return _compare(name, data, by_fields=by_fields)
    if name in {"contains", "exit", "call", "next"}:
        return _contains(data) if name == "contains" else _OTHERS[name]
    if name in _QUESTIONS:
        hashes_itself = data is not None and data.__hash__ is not None
        return None if hashes_itself and name == "hash" else _question(name)
    if name in _NUMBERS or name in _SIGNS:
        return None if data is not None else _number(name)
    if name in _BINARY or name[1:] in _BINARY:
        return _binary(operation, name, data)
    return None


def _local(data: type | None, name: str) -> Any:
    return None if data is None else getattr(data, f"__{name}__", None)


def _question(name: str) -> Special:
    def answer(self: Any, *arguments: Any) -> Any:
        return ask(self, name, *arguments)

    def truth(self: Any) -> bool:
        # No more than a program can have by returning True or False.
        return ask(self, name) is True

    return truth if name == "bool" else answer


def _number(name: str) -> Special:
    """Make what turns an object into a number, if it is one that the tests mean to be an object."""

    def answer(self: Any, *arguments: Any) -> Any:
        result = ask(self, name, *arguments)
        return result if is_known(self) else _object_only(self, result)

    return answer


def _object_only(asked: Any, result: Any) -> Any:
    if not is_programs(result):
        remote_of(asked).refuse(
            "the tests reckoned with objects of the program, and got plain data"
        )
    return result


def _binary(operation: str, name: str, data: type | None) -> Special:
    local = _local(data, name)

    def operator(self: Any, other: Any, *rest: Any) -> Any:
        if is_programs(other):
            result = ask(self, operation, other, *rest)
            return result if data or is_known(self) else _object_only(self, result)
        if data is not None:
            return NotImplemented if local is None else local(self, other, *rest)
        scales = name in _SCALES and type(other) in {int, float}
        if not scales and not is_known(self):
            remote_of(self).refuse(
                "the tests reckoned with an object of the program that is no data"
            )
        return _object_only(self, ask(self, operation, other, *rest))

    return operator


def _compare(name: str, data: type | None, *, by_fields: bool) -> Special:
    local = _local(data, name)

    def compare(self: Any, other: Any) -> Any:
        remote = remote_of(self)
        if remote.is_watching:
            return NotImplemented
        if is_programs(other):
            return ask(self, name, other)
        if local is not None:
            return local(self, other)
        if by_fields or other is None:
            return NotImplemented
        return remote.refuse("the tests compared an object of the program that is no plain data")

    return compare


def _contains(data: type | None) -> Special:
    local = _local(data, "contains")

    def contains(self: Any, item: Any) -> bool:
        if is_programs(item) or is_known(self):
            return ask(self, "contains", item) is True
        if local is not None:
            return bool(local(self, item))
        kind = type(self)
        if not hasattr(kind, "__iter__") and not hasattr(kind, "__getitem__"):
            remote_of(self).refuse("the tests asked an object of the program for what it contains")
        return any(part is item or part == item for part in _parts(self))

    return contains


def _parts(held: Any) -> Iterator[Any]:
    return iter(held)


def _exit(self: Any, _: object, error: BaseException | None, __: object) -> bool:
    return remote_of(self).leave(self, error)


def _call(self: Any, *arguments: Any, **keywords: Any) -> Any:
    return remote_of(self).call(self, arguments, keywords)


_AHEAD = "\0ahead"
_SINGLE = 1024
_FEW = 16
_MOST = 256
PREDICTABLE = "\0predictable"
"""The attribute of a class of iterators that run no code of the program."""


class _Ahead:
    """Values of an iterator that were fetched before they were asked for."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.fetched = 0
        self.end: Callable[[], None] | None = None
        self.drained = False


def ahead_of(held: Any) -> _Ahead | None:
    """Return what was fetched ahead of an iterator, if anything was fetched."""
    try:
        found: _Ahead = object.__getattribute__(held, _AHEAD)
    except AttributeError:
        return None
    return found


def _next(self: Any) -> Any:
    """Take the next value of an iterator.

    Values are fetched one by one, so that it does what it does when it is asked to; ahead only for
    who reads all there is, or has read very many, and where no code of the program runs for it.
    """
    ahead = ahead_of(self)
    if ahead is None:
        ahead = _Ahead()
        object.__setattr__(self, _AHEAD, ahead)
    if not ahead.values and ahead.end is None:
        predictable = type.__getattribute__(type(self), PREDICTABLE)
        single = 0 if ahead.drained else _FEW if predictable else _SINGLE
        wanted = 1 if ahead.fetched < single else min(max(ahead.fetched, _FEW), _MOST)
        values, ahead.end = remote_of(self).following(self, wanted)
        ahead.values = list(values)[::-1]
        ahead.fetched += len(values)
    if ahead.values:
        return ahead.values.pop()
    if ahead.end is not None:
        end, ahead.end = ahead.end, _nothing
        end()
    raise StopIteration


def _nothing() -> None:
    """End an iterator once more."""


def length_hint(self: Any) -> Any:
    """Take note that whoever asks (`list`, `sorted`) is about to read all there is."""
    ahead = ahead_of(self)
    if ahead is None:
        ahead = _Ahead()
        object.__setattr__(self, _AHEAD, ahead)
    ahead.drained = True
    return NotImplemented


_OTHERS: dict[str, Special] = {"exit": _exit, "call": _call, "next": _next}
