"""What the tests' operators do with objects of the program: it may not answer for its own result.

An object that equals everything would pass every test, and one that learns what is expected of it
can say yes. So where tests compare data with an object whose class the program wrote, or reckon
with it, that class is not asked, unless the tests name it: then it is what they test, and even so
an answer to the expected value counts only if it is another one for a value that was not expected.
Objects of the program may be compared with one another: neither is what the tests expect.
"""

import itertools
import operator
from collections import deque
from collections.abc import Callable, Iterable
from posix import urandom
from typing import Any

from whetstone.rewards.sandbox.together.library import is_library_function, is_trusted

_PLAIN = frozenset({bool, bytes, complex, float, int, str, type(None)})
_CONTAINERS = (list, tuple, set, frozenset, deque, dict)

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
}
_METHODS = {
    "<": ("__lt__", "__gt__"),
    "<=": ("__le__", "__ge__"),
    ">": ("__gt__", "__lt__"),
    ">=": ("__ge__", "__le__"),
    "+": ("__add__", "__radd__"),
    "-": ("__sub__", "__rsub__"),
    "*": ("__mul__", "__rmul__"),
    "/": ("__truediv__", "__rtruediv__"),
    "//": ("__floordiv__", "__rfloordiv__"),
    "%": ("__mod__", "__rmod__"),
    "**": ("__pow__", "__rpow__"),
    "@": ("__matmul__", "__rmatmul__"),
    "&": ("__and__", "__rand__"),
    "|": ("__or__", "__ror__"),
    "^": ("__xor__", "__rxor__"),
    "<<": ("__lshift__", "__rlshift__"),
    ">>": ("__rshift__", "__rrshift__"),
}
_EQUALITY = ("__eq__", "__ne__")
_ORDER = frozenset({"<", "<=", ">", ">=", "is", "is not"})
_OF_SETS = frozenset({"-", "&", "|", "^"})
_CONVERSIONS = ("__abs__", "__complex__", "__float__", "__index__", "__int__", "__round__")
_MEMBERSHIP = ("__contains__", "__iter__", "__getitem__")
_ALL_METHODS = (*_EQUALITY, *{name for pair in _METHODS.values() for name in pair})

# What an instance of a subclass is stripped to, by the base's own methods.
_BASES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (dict, lambda v: dict(dict.items(v))),
    (tuple, lambda v: tuple(tuple.__iter__(v))),
    (list, lambda v: list(list.__iter__(v))),
    (set, lambda v: set(set.__iter__(v))),
    (frozenset, lambda v: frozenset(frozenset.__iter__(v))),
    (deque, lambda v: deque(deque.__iter__(v))),
    (int, int.__index__),
    (float, float.__float__),
    (str, str.__str__),
    (bytes, lambda v: bytes.__getitem__(v, slice(None))),
)
_VIEWS = frozenset({type({}.keys()), type({}.values()), type({}.items())})
_SETS: tuple[type, ...] = (set, frozenset, *_VIEWS)
_ORDERED: tuple[type, ...] = (*_CONTAINERS, *_VIEWS)
_CALLING_AT: dict[int, int] = {
    id(kind): place
    for place, kinds in enumerate(
        (
            (map, filter, itertools.starmap, itertools.takewhile, itertools.dropwhile),
            (itertools.accumulate, itertools.groupby),
        )
    )
    for kind in kinds
}
"""Which argument of these is a function whose `StopIteration` would count as their own end."""
_mro_of: Callable[[Any], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_dict_of: Callable[[Any], Any] = type.__dict__["__dict__"].__get__

_LEFT, _RIGHT, _BOTH = 1, 2, 3
_TOLERANT = frozenset({"ApproxBase", "NonCallableMock", "_ANY", "_Call"})
_DEEPEST = 60

_named: set[int] = set()


class AskedOfDataError(BaseException):
    """The tests would have asked an object of the program about data that they expect."""


def name_classes(classes: Iterable[Any]) -> None:
    """Say which classes of the program the tests name."""
    _named.clear()
    _named.update(id(kind) for kind in classes if isinstance(kind, type))


def equal(left: Any, right: Any, tolerant: int = _BOTH) -> Any:
    """Do `left == right`; `tolerant` says which side the tests made to equal several values."""
    if type(left) in _PLAIN and type(right) in _PLAIN:
        return left == right
    _refuse_tolerance(left, right, tolerant)
    if _answers(left, _EQUALITY) or _answers(right, _EQUALITY):
        return _equal(left, right, 0)
    return left == right


def unequal(left: Any, right: Any, tolerant: int = _BOTH) -> Any:
    """Do `left != right`."""
    if type(left) in _PLAIN and type(right) in _PLAIN:
        return left != right
    _refuse_tolerance(left, right, tolerant)
    if (_is_own(left) and _is_own(right)) or not (
        _answers(left, _EQUALITY) or _answers(right, _EQUALITY)
    ):
        return left != right
    return not _equal(left, right, 0)


def answers_unasked(value: Any) -> bool:
    """Whether comparing a value asks a class of the program that the tests do not name."""
    return _answers(value, _EQUALITY) and not _is_named(type(value))


def equals_data(value: Any, data: Any) -> bool:
    """Compare a value of the program with what the tests expect, written out."""
    return bool(equal(value, data, 0))


def contains(item: Any, container: Any) -> Any:
    """Do `item in container`."""
    kind = type(container)
    if not is_trusted(kind):
        if _is_own(item) or _is_named(kind) or not _defines(kind, _MEMBERSHIP):
            return item in container
        container = _stripped(container)
        if container is None:
            raise AskedOfDataError("the tests asked an object of the program what is in it")
        kind = type(container)
    if hasattr(kind, "__next__") or (
        kind in _CONTAINERS and (_answers(item, _EQUALITY) or _answers(container, _EQUALITY))
    ):
        return any(equal(each, item) for each in container)
    return item in container


def operate(name: str, left: Any, right: Any) -> Any:
    """Do any other operator of two operands."""
    if type(left) in _PLAIN and type(right) in _PLAIN:
        return _OPERATIONS[name](left, right)
    _require_contents_apart(name, left, right)
    methods = _METHODS.get(name, ())
    result = _OPERATIONS[name](*_armed(left, right, methods))
    makes_data = _is_own(left) and _is_own(right) and not _is_own(result) and name not in _ORDER
    if makes_data and not (_is_named(type(left)) or _is_named(type(right))):
        raise AskedOfDataError("the tests reckon with objects of the program, and get plain data")
    return result


_BEYOND = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def beyond(name: str, left: Any, right: Any) -> Any:
    """Do a comparison that is there to fail: see `whetstone.rewards.sandbox.reached`."""
    holds = operate(_BEYOND[name], left, right)
    return holds or any(type(one) is float and one != one for one in (left, right))  # noqa: PLR0124


def plain(value: Any) -> Any:
    """Return the number, text or container below one of a class that may not answer for it."""
    return value if _is_named(type(value)) else _stripped(value, value)


def converted(value: Any) -> Any:
    """Look at what the tests make a number of: an object may not be it only when it is asked."""
    below = plain(value)
    if below is value and not _is_named(type(value)) and _defines(type(value), _CONVERSIONS):
        raise AskedOfDataError(
            "the tests make a number of an object of the program that is no data"
        )
    return below


def against(left: Any, right: Any) -> Any:
    """Look at the operands of `left += right`; returns the right one."""
    _armed(left, right, _ALL_METHODS)
    if isinstance(left, _SETS):
        _require_contents_apart("-", left, right)
    return right


def subject(value: Any) -> Any:
    """Return what a `match` of the tests may compare with its patterns."""
    if _answers(value, _EQUALITY) and not _is_named(type(value)):
        return _armed(value, 0, _EQUALITY)[0]
    return value


def call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """Call: a function of the library must not let an object answer about data, either."""
    if is_library_function(function):
        given = [*arguments, *keywords.values()]
        owner = getattr(function, "__self__", None)
        given += [owner] if isinstance(owner, _CONTAINERS) else []
        _require_separate(given)
        if (place := _CALLING_AT.get(id(function))) is not None:
            arguments = tuple(
                _not_ending(given) if at == place else given for at, given in enumerate(arguments)
            )
            keywords = {n: _not_ending(v) if n in _KEYS else v for n, v in keywords.items()}
    return function(*arguments, **keywords)


_KEYS = frozenset({"func", "key"})


def _not_ending(function: Any) -> Any:
    """Keep a function from ending the loop that calls it: no test behind it would be reached."""
    if not callable(function):
        return function

    def asked(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except StopIteration as error:
            raise RuntimeError("a function that the tests call raised StopIteration") from error

    return asked


def item(container: Any, key: Any) -> Any:
    """Do `container[key]`."""
    if type(key) not in _PLAIN and isinstance(container, dict) and _answers_unnamed(key):
        return container[_armed(key, 0, _EQUALITY)[0] if any(map(_is_plain, container)) else key]
    return container[key]


def separate(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Look at what is to become a set, whose elements are compared with each other."""
    _require_separate(values)
    return values


def _require_separate(values: Iterable[Any]) -> None:
    """Raise `AskedOfDataError` if the library would ask an object of the program about data."""
    given = list(values)
    asked = [one for one in given if _answers_unnamed(one)]
    if asked and (
        any(_is_data(one) and not any(one is each for each in asked) for one in given)
        or any(any(map(_is_plain, _held(one))) for one in asked)
    ):
        raise AskedOfDataError("the tests hand an object of the program to the library with data")


def _require_contents_apart(name: str, left: Any, right: Any) -> None:
    """Raise `AskedOfDataError` if containers would ask what they hold about data in the other."""
    kinds = _SETS if name in _OF_SETS else _ORDERED
    asks = name in _OF_SETS or (name in _ORDER and name in _METHODS)
    if asks and isinstance(left, kinds) and isinstance(right, kinds) and left and right:
        _require_separate((left, right))


def _answers_unnamed(value: Any) -> bool:
    return _answers(value, _ALL_METHODS) and not (
        _is_named(type(value)) or (_held(value) and all(map(_is_named, map(type, _held(value)))))
    )


def _is_plain(value: Any) -> bool:
    return type(value) in _PLAIN and value is not None


def is_instance(value: Any, kinds: Any) -> bool:
    """Do `isinstance`; a class of the program is not asked who its instances are."""
    if isinstance(kinds, tuple):
        return any(is_instance(value, kind) for kind in kinds)
    if isinstance(kinds, type) and _defines(type(kinds), ("__instancecheck__",)):
        return type.__instancecheck__(kinds, value)
    return isinstance(value, kinds)


def _refuse_tolerance(left: Any, right: Any, tolerant: int) -> None:
    """Refuse `mock.ANY` and `approx(0, abs=inf)` but from the tests themselves."""
    for side, value in ((_LEFT, left), (_RIGHT, right)):
        if not tolerant & side and any(b.__name__ in _TOLERANT for b in _mro_of(type(value))):
            raise AskedOfDataError("the program gave an object of the library that equals too much")


def _equal(left: Any, right: Any, depth: int) -> bool:
    if left is right:
        return True
    if _is_own(left) and _is_own(right):
        return bool(left == right)
    for one, other in ((left, right), (right, left)):
        if _is_own(one) and _defines(type(one), _EQUALITY):
            if _is_named(type(one)):
                return _answers_well(one, other)
            below = _stripped(one)
            return below is not None and _equal(below, other, depth + 1)
    return _same_contents(left, right, depth + 1)


def _same_contents(left: Any, right: Any, depth: int) -> bool:
    """Compare what holds objects of the program, place by place."""
    left, right = _stripped(left, left), _stripped(right, right)
    for kind in (list, tuple, deque):
        if isinstance(left, kind) and isinstance(right, kind):
            return len(left) == len(right) and all(
                _equal(a, b, depth) for a, b in zip(left, right, strict=True)
            )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            _equal(value, right[key], depth) for key, value in left.items()
        )
    if isinstance(left, (set, frozenset)) and isinstance(right, (set, frozenset)):
        own = [all(map(_is_own, side)) for side in (left, right)]
        return all(own) and left == right
    return not _answers(left, _EQUALITY) and not _answers(right, _EQUALITY) and left == right


def _answers_well(own: Any, data: Any) -> bool:
    """Ask an object about the expected value and about another one, which comes first or second."""
    expected, decoy = [data], [_other_than(data)]
    order = [expected, decoy] if urandom(1)[0] & 1 else [decoy, expected]
    said = {id(one): bool(own == one[0]) for one in order}
    return said[id(expected)] and not said[id(decoy)]


def _other_than(data: Any) -> Any:
    """Return a value of the same kind that is not equal to this one."""
    odd = int.from_bytes(urandom(3), "big") + 2
    make = _OTHERS.get(type(data))
    return odd if make is None else make(data, odd)


_OTHERS: dict[type, Callable[[Any, int], Any]] = {
    bool: lambda data, _: not data,
    int: operator.add,
    float: operator.add,
    complex: operator.add,
    str: lambda data, odd: f"{data}{odd}",
    bytes: lambda data, odd: data + odd.to_bytes(4, "big"),
    list: lambda data, odd: [*data, odd],
    tuple: lambda data, odd: (*data, odd),
    deque: lambda data, odd: deque([*data, odd]),
    set: lambda data, odd: data | {odd},
    frozenset: lambda data, odd: data | {odd},
    dict: lambda data, odd: {**data, odd: odd},
}


def _armed(left: Any, right: Any, methods: tuple[str, ...]) -> tuple[Any, Any]:
    """Return operands of which none can answer about the other where that one is data."""
    pair = [left, right]
    for index, (one, other) in enumerate(((left, right), (right, left))):
        if not _is_own(one) or _is_own(other) or _is_named(type(one)):
            continue
        if _defines(type(one), methods):
            pair[index] = _stripped(one)
            if pair[index] is None:
                raise AskedOfDataError(
                    "the tests reckon with an object of the program that is no data"
                )
    return pair[0], pair[1]


def _answers(value: Any, methods: tuple[str, ...], depth: int = 0) -> bool:
    """Whether the program's own methods would be asked, of a value or of what it holds."""
    kind = type(value)
    if kind in _PLAIN:
        return False
    if not is_trusted(kind) and _defines(kind, methods):
        return True
    if depth > _DEEPEST:
        return True
    return any(
        type(one) not in _PLAIN and _answers(one, methods, depth + 1) for one in _held(value)
    )


def _held(value: Any) -> Iterable[Any]:
    """Return what an object's own methods would compare when it is compared."""
    if isinstance(value, dict):
        return [one for item in dict.items(value) for one in item]
    base = next((base for base in _CONTAINERS if isinstance(value, base)), None)
    if base is not None:
        return list(base.__iter__(value))
    kind = type(value)
    if not is_trusted(kind):
        return ()
    if kind.__name__ == "ndarray" and value.dtype.hasobject:
        return list(value.flat)
    if kind in _VIEWS:
        return list(value)
    attributes = getattr(value, "__dict__", None)
    return list(attributes.values()) if type(attributes) is dict else ()


def _is_data(value: Any) -> bool:
    return not callable(value) and value is not None


def _is_own(value: Any) -> bool:
    """Whether the program wrote the class of a value."""
    return not is_trusted(type(value))


def _is_named(kind: type) -> bool:
    return any(id(base) in _named for base in _mro_of(kind))


def _defines(kind: type, methods: tuple[str, ...]) -> bool:
    """Whether one of the methods that a class has is the program's."""
    bases = _mro_of(kind)
    for name in methods:
        for base in bases:
            if name in _dict_of(base):
                if not is_trusted(base):
                    return True
                break
    return False


def _stripped(value: Any, otherwise: Any = None) -> Any:
    """Return the plain value below an instance of a subclass of a plain type."""
    if is_trusted(type(value)):
        return value
    for base, plain in _BASES:
        if isinstance(value, base):
            return plain(value)
    return otherwise
