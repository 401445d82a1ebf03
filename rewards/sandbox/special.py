"""Special methods of the classes that stand in for a program's, and what they may tell it.

The line: no object of a program is handed what the tests expect, and none answers for data.

- Objects of one program may meet each other: `==`, `<`, `in`, arithmetic. They learn nothing that
  they were not given before, and the answer is the program's word, as in any test that compares
  them. (One that says it equals what it has never seen is refused.)
- Data of the tests never meets a comparison of an object: it is refused, or answered here where no
  code of the program would be asked anyway (no `__eq__` of its own, or None).
- `in` with data reaches only an object that the tests made by calling a class that they name. It is
  else decided here, by looking at what the object holds.
- An operator with data reaches an object only if the tests name its class, and must give an object.
  Unless the tests made the first one, the second has been told what may be expected: it decides
  nothing any more, or `abs(f(x) - 3) < 1e-6` would be for whatever `f` returns to answer.
- What derives from a plain type is that plain value in everything that involves data; only what the
  plain type cannot do at all reaches an object of it that the tests made.
"""

from collections.abc import Callable, Iterator
from typing import Any

from whetstone.rewards.sandbox.awaited import AWAITED
from whetstone.rewards.sandbox.remote import ask, is_known, is_programs, remote_of, state_of

Special = Callable[..., Any]

_UNARY = ("bool", "bytes", "fspath", "hash", "len", "length_hint", "missing", "repr", "str")
_QUESTIONS = (*_UNARY, "format", "getitem", "setitem", "delitem", "iter", "reversed", "enter")
_NUMBERS = ("abs", "ceil", "complex", "float", "floor", "index", "int", "round", "trunc")
_SIGNS = ("neg", "pos", "invert")
_BINARY = frozenset(
    {"add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "matmul", "pow"}
    | {"and", "or", "xor", "lshift", "rshift"}
)
ARITHMETIC = frozenset(
    {prefix + name for name in _BINARY - {"and", "or"} for prefix in ("", "r", "i")}
    | {"and_", "or_", "rand", "ror", "iand", "ior", *_SIGNS}
)
"""Operations whose result is made of the object that is asked."""

_DECIDES = frozenset({"bool", "bytes", "format", "hash", "len", "str"})
"""What an object may not be asked for once it has been told something."""

COMPARE = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_SCALES = frozenset({"mul", "rmul", "truediv"})
_DIFFERENCES = frozenset({"sub", "rsub", "isub"})
_ROUGHLY = frozenset({"abs", "round"})
_OPERATOR_NAMES = {"and": "and_", "or": "or_"}


def special(name: str, data: type | None, *, by_fields: bool) -> Special | None:
    """Make the special method of a name without its underscores.

    `data` is the plain type that the class derives from, if any. `by_fields` says that its `__eq__`
    is the one that `dataclass` writes. None leaves it to the bases.
    """
    operation = _OPERATOR_NAMES.get(name, name)
    if name in COMPARE:
        return _compare(name, data, by_fields=by_fields)
    if name == "contains" or name in _OTHERS:
        return _contains(data) if name == "contains" else _OTHERS[name]
    if name in _QUESTIONS:
        hashes_itself = data is not None and data.__hash__ is not None
        return None if hashes_itself and name == "hash" else _question(name)
    if name in _NUMBERS or name in _SIGNS:
        make = _number if name in _NUMBERS else _sign
        return make(name) if _local(data, name) is None else None
    if name in _BINARY or name[1:] in _BINARY:
        return _binary(operation, name, data)
    return None


def _local(data: type | None, name: str) -> Any:
    return None if data is None else getattr(data, f"__{name}__", None)


def _question(name: str) -> Special:
    def answer(self: Any, *arguments: Any) -> Any:
        if name in _DECIDES:
            _require_untold(self)
        return ask(self, name, *arguments)

    def truth(self: Any) -> bool:
        # No more than a program can have by returning True or False.
        return answer(self) is True

    return truth if name == "bool" else answer


def _require_untold(*held: Any) -> None:
    for one in held:
        remote, number = state_of(one)
        if remote.meetings.is_told(number):
            remote.refuse(
                "the tests reckoned with an object of the program, and asked the result for data"
            )


def _number(name: str) -> Special:
    """Make what turns an object into a number, if it is one that the tests mean to be an object."""

    def answer(self: Any, *arguments: Any) -> Any:
        _require_untold(self)
        remote, number = state_of(self)
        if name in _ROUGHLY and remote.meetings.is_distance(number):
            remote.refuse(f"the tests asked how far an object of the program is from data ({name})")
        result = ask(self, name, *arguments)
        return result if is_known(self) else _object_only(self, result)

    return answer


def _sign(name: str) -> Special:
    def answer(self: Any) -> Any:
        result = _handed_on(ask(self, name), self)
        return result if is_known(self) else _object_only(self, result)

    return answer


def _handed_on(result: Any, *asked: Any) -> Any:
    """Return the result of objects. Of one that was told something it has to be an object, too."""
    remote, _ = state_of(asked[0])
    if any(remote.meetings.is_told(state_of(one)[1]) for one in asked):
        remote.meetings.tell(state_of(_object_only(asked[0], result))[1])
    return result


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
            result = _handed_on(ask(self, operation, other, *rest), self, other)
            return result if data or is_known(self) else _object_only(self, result)
        remote, number = state_of(self)
        if local is not None:
            return local(self, other, *rest)
        if data is not None and not remote.meetings.is_made(number):
            return NotImplemented
        scales = name in _SCALES and type(other) in {int, float}
        if not scales and not is_known(self):
            remote.refuse("the tests reckoned with an object of the program that is no data")
        result = _object_only(self, ask(self, operation, other, *rest))
        if remote.meetings.is_made(number):
            remote.meetings.make(state_of(result)[1])
            if name in _DIFFERENCES:
                remote.meetings.measure(state_of(result)[1])
        else:
            remote.meetings.tell(state_of(result)[1])
        return result

    return operator


def _compare(name: str, data: type | None, *, by_fields: bool) -> Special:
    local = _local(data, name)

    def compare(self: Any, other: Any) -> Any:
        remote = remote_of(self)
        if remote.is_watching:
            return NotImplemented
        if is_programs(other):
            _require_untold(self, other)
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
        remote, number = state_of(self)
        if is_programs(item) or remote.meetings.is_made(number):
            _require_untold(self)
            return ask(self, "contains", item) is True
        if local is not None:
            return bool(local(self, item))
        kind = type(self)
        if not hasattr(kind, "__iter__") and not hasattr(kind, "__getitem__"):
            remote.refuse("the tests asked an object of the program for what it contains")
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


_OTHERS: dict[str, Special] = {"exit": _exit, "call": _call, "next": _next, **AWAITED}
