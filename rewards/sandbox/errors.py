"""Exception classes of a program, made anew for the tests: `except MyError` needs a real class.

Each is built here, below its builtin bases, and nothing of the program's own runs in it: only its
name, its bases and, of an instance, its words and attributes come from there. It refuses to stand
above `AssertionError`, so that no class of a program can hide a failed test.
"""

from typing import Any, Self

from whetstone.rewards.sandbox.remote import RefusedError, Remote, RemoteObject, number_of

_MOST_CLASSES = 64
_MOST_BASES = 8


class ProgramErrorClass(type):
    """A class of the program that tests may catch; what else they read of it is asked for."""

    _number: int
    _remote: Remote

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return cls._remote.get(cls._number, name)

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Have the program make an instance, and stand one in for it."""
        held = cls._remote.call(cls._number, arguments, keywords)
        if not isinstance(held, RemoteObject):
            raise RefusedError(f"the program's {cls.__name__} gave no instance of itself")
        return cls.stand_in(arguments, number_of(held), str(held))

    def stand_in(cls, arguments: tuple[Any, ...], number: int, text: str) -> Any:
        """Make an instance of an instance's handle and words. Raises `TypeError` if it cannot."""
        made: Any = cls
        error = made.__new__(made, *arguments)
        error.args = arguments
        vars(error).update(_handle=number, _text=text)
        return error


class _ProgramError(Exception):
    """What every such class can do."""

    def __new__(cls, *arguments: Any) -> Self:
        return super().__new__(cls, *arguments)

    def __str__(self) -> str:
        return str(vars(self)["_text"])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        kind: Any = type(self)
        return kind._remote.get(vars(self)["_handle"], name)  # noqa: SLF001 - made here


class ErrorClasses:
    """The classes of one program, by the number of their handle, below `builtin` ones."""

    def __init__(self, remote: Remote, builtin: dict[str, type[Exception]]) -> None:
        self._remote = remote
        self._builtin = builtin
        self._made: dict[int, ProgramErrorClass] = {}

    def make(self, described: Any, depth: int = 0) -> ProgramErrorClass:
        """Build a class of its number, its name, and bases that are names or described alike.

        Raises `ValueError` or `TypeError` for anything else.
        """
        number, name, bases = described
        if type(number) is not int or type(name) is not str or type(bases) is not list:
            raise TypeError("no class")
        if number not in self._made:
            if len(self._made) >= _MOST_CLASSES or len(bases) + depth > _MOST_BASES:
                raise ValueError("too many classes")
            self._made[number] = self._build(number, name, bases, depth)
        return self._made[number]

    def _build(self, number: int, name: str, described: list[Any], depth: int) -> ProgramErrorClass:
        bases: list[type] = []
        for base in described:
            nested = type(base) is list
            kind = self.make(base, depth + 1) if nested else self._builtin.get(str(base))
            # A group wants its parts when it is made.
            if kind is not None and not issubclass(kind, ExceptionGroup) and kind is not Exception:
                bases.append(kind)
        if not any(isinstance(base, ProgramErrorClass) for base in bases):
            bases.insert(0, _ProgramError)
        members = {"__module__": "solution", "_number": number, "_remote": self._remote}
        made = ProgramErrorClass(name, tuple(bases), members)
        if issubclass(AssertionError, made):
            raise TypeError("it would hide a failed test")
        return made
