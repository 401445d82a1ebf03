"""What the tests hold of a program's objects: proxies that can be used, and never compared.

An object that could answer `==` would equal everything, so the question never reaches it. Reading,
calling and iterating do reach it, since a program may answer those as it likes anyway.
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


_READABLE = frozenset({"__name__", "__qualname__", "__doc__", "__module__", "__dict__"})


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

    def __len__(self) -> int:
        length: int = self._remote.operate(self._number, "len")
        return length

    def __bool__(self) -> bool:
        # A constant: no more than a program can have by returning True.
        return True

    def __str__(self) -> str:
        text: str = self._remote.operate(self._number, "str")
        return text

    def __repr__(self) -> str:
        text: str = self._remote.operate(self._number, "repr")
        return text

    def __iter__(self) -> Iterator[Any]:
        iterator: Iterator[Any] = self._remote.operate(self._number, "iter")
        return iterator

    def __getitem__(self, key: Any) -> Any:
        return self._remote.operate(self._number, "getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._remote.operate(self._number, "setitem", key, value)

    def __contains__(self, item: Any) -> bool:
        return self._remote.operate(self._number, "contains", item) is True

    def _refuse(self, *_: Any) -> NoReturn:
        raise RefusedError("the tests compared an object of the program that is no plain data")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __instancecheck__ = __subclasscheck__ = __reduce_ex__ = _refuse


class RemoteFunction(RemoteObject):
    """A function or class of the program."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: D102
        return self._remote.call(self._number, arguments, keywords)


class RemoteIterator:
    """An iterator of the program. It equals nothing but itself, like every iterator.

    Values are fetched ahead, one at first, so that an endless generator costs what is read of it.
    """

    _MOST = 256

    def __init__(self, remote: Remote, number: int) -> None:
        self._remote = remote
        self._number = number
        self._ahead: list[Any] = []
        self._count = 1
        self._end: Callable[[], None] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._ahead and self._end is None:
            ahead, self._end = self._remote.following(self._number, self._count)
            self._ahead = ahead[::-1]
            self._count = min(4 * self._count, self._MOST)
        if self._ahead:
            return self._ahead.pop()
        if self._end is not None:
            self._end()
        raise StopIteration
