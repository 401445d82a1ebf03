"""What the tests hold of a program's objects: proxies that can be used, and never compared.

An object that could answer `==` would equal everything, so the question never reaches it, and none
that comes near it: `abs(f(x) - 3) < 1e-6` must not be an object's to answer. Reading, calling and
iterating do reach it, since a program may answer those as it likes anyway.
"""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol


class RefusedError(BaseException):
    """The tests did with an object of the program what its own code must not answer.

    Not an `Exception`, so that `except Exception` in the tests does not hide it.
    """


class Remote(Protocol):
    """The side of the tests that can ask a program."""

    def call(self, number: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any: ...  # noqa: D102

    def get(self, number: int, name: str) -> Any: ...  # noqa: D102

    def set(self, number: int, name: str, value: Any) -> None: ...  # noqa: D102

    def operate(self, number: int, operation: str, *arguments: Any) -> Any: ...  # noqa: D102

    def following(self, number: int, count: int) -> tuple[list[Any], Callable[[], None] | None]: ...  # noqa: D102

    def leave(self, number: int, error: BaseException | None) -> None: ...  # noqa: D102


_READABLE = frozenset({"__name__", "__qualname__", "__doc__", "__module__", "__dict__"})


def _arithmetic(name: str) -> Callable[[Any, Any], Any]:
    """Make an operator between two objects of the program, which gives a third.

    Anything else would tell an object what it is expected to be, or let it answer with a number
    that suits. A plain number may only scale.
    """

    def operator(self: Any, other: Any) -> Any:
        scales = name in {"mul", "rmul", "truediv"} and type(other) in {int, float}
        if not scales and not isinstance(other, RemoteObject):
            raise RefusedError("the tests reckoned with an object of the program that is no data")
        return _object_only(object.__getattribute__(self, "_ask")(name, other))

    return operator


def _object_only(result: Any) -> Any:
    if not isinstance(result, RemoteObject):
        raise RefusedError("the tests reckoned with objects of the program, and got plain data")
    return result


class RemoteObject:
    """An object of the program that is no data: an instance, a class or a function."""

    __slots__ = ("_number", "_remote")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, remote: Remote, number: int) -> None:
        object.__setattr__(self, "_remote", remote)
        object.__setattr__(self, "_number", number)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _READABLE:
            raise AttributeError(name)
        return self._remote.get(self._number, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._remote.set(self._number, name, value)

    def _ask(self, operation: str, *arguments: Any) -> Any:
        return self._remote.operate(self._number, operation, *arguments)

    def __len__(self) -> int:
        length: int = self._ask("len")
        return length

    def __bool__(self) -> bool:
        # No more than a program can have by returning True or False.
        return self._ask("bool") is True

    def __str__(self) -> str:
        text: str = self._ask("str")
        return text

    def __repr__(self) -> str:
        text: str = self._ask("repr")
        return text

    def __iter__(self) -> Iterator[Any]:
        iterator: Iterator[Any] = self._ask("iter")
        return iterator

    def __getitem__(self, key: Any) -> Any:
        return self._ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        self._ask("delitem", key)

    def __contains__(self, item: Any) -> bool:
        return self._ask("contains", item) is True

    def __enter__(self) -> Any:
        return self._ask("enter")

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        """Let the program clean up. What it cannot do is hide an exception from the tests."""
        self._remote.leave(self._number, error)

    def __instancecheck__(self, instance: Any) -> bool:
        """Ask, if both are the program's: it could have answered so in a method as well."""
        if not isinstance(instance, RemoteObject):
            raise RefusedError("the tests asked whether plain data is of a class of the program")
        return self._ask("isinstance", instance) is True

    def __subclasscheck__(self, subclass: Any) -> bool:
        if not isinstance(subclass, RemoteObject):
            return False
        return self._ask("issubclass", subclass) is True

    def _refuse(self, *_: Any) -> NoReturn:
        raise RefusedError(
            "the tests compared an object of the program that is no plain data "
            "(a container counts as one if its class has methods of its own)"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __reduce_ex__ = _refuse

    __add__, __sub__, __mul__ = map(_arithmetic, ("add", "sub", "mul"))
    __truediv__, __floordiv__, __mod__ = map(_arithmetic, ("truediv", "floordiv", "mod"))
    __pow__, __matmul__ = map(_arithmetic, ("pow", "matmul"))
    __and__, __or__, __xor__ = map(_arithmetic, ("and_", "or_", "xor"))
    __lshift__, __rshift__ = map(_arithmetic, ("lshift", "rshift"))
    __rmul__ = _arithmetic("rmul")

    def __neg__(self) -> Any:
        return _object_only(self._ask("neg"))

    def __invert__(self) -> Any:
        return _object_only(self._ask("invert"))


def number_of(held: "RemoteObject | RemoteIterator") -> int:
    """Return the number by which the program knows an object."""
    number: int = object.__getattribute__(held, "_number")
    return number


class RemoteFunction(RemoteObject):
    """A function or class of the program."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: D102
        return self._remote.call(self._number, arguments, keywords)


class RemoteIterator:
    """An iterator of the program. It equals nothing but itself, like every iterator.

    The first values are fetched one by one, so that it does what it does when it is asked to; who
    reads on wants many, and later ones are fetched ahead.
    """

    _SINGLE = 16
    _MOST = 256

    def __init__(self, remote: Remote, number: int) -> None:
        self._remote = remote
        self._number = number
        self._ahead: list[Any] = []
        self._fetched = 0
        self._end: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> Any:
        """Read an attribute: its own state, or `send` of a generator."""
        if name.startswith("__"):
            raise AttributeError(name)
        if self._ahead:
            raise RefusedError("the tests use an iterator of which values were fetched ahead")
        return self._remote.get(self._number, name)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._ahead and self._end is None:
            wanted = 1 if self._fetched < self._SINGLE else min(self._fetched, self._MOST)
            ahead, self._end = self._remote.following(self._number, wanted)
            self._ahead = ahead[::-1]
            self._fetched += len(ahead)
        if self._ahead:
            return self._ahead.pop()
        if self._end is not None:
            self._end()
        raise StopIteration
