"""What the tests hold of a program's objects: stand-ins that can be used, and never trusted.

Each knows its number, and asks the program whatever it is asked. An object that could answer `==`
would equal everything, so no object is ever handed what the tests expect: see
`whetstone.rewards.sandbox.special` for where the line is. Reading, calling and iterating do reach
the program, since it may answer those as it likes anyway.
"""

import types
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from whetstone.rewards.sandbox.meetings import Meetings


class RefusedError(BaseException):
    """The tests did with an object of the program what its own code must not answer.

    Not an `Exception`, so that `except Exception` in the tests does not hide it.
    """


End = Callable[[], None]
"""What is called at the end of an iterator: it raises what the program raised there."""


class Remote(Protocol):
    """The side of the tests that can ask a program."""

    @property
    def meetings(self) -> Meetings: ...  # noqa: D102

    @property
    def is_watching(self) -> bool: ...  # noqa: D102

    def call(self, target: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any: ...  # noqa: D102

    def method(  # noqa: D102
        self, target: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any: ...

    def get(self, target: Any, name: str) -> Any: ...  # noqa: D102

    def set(self, target: Any, name: str, value: Any) -> None: ...  # noqa: D102

    def delete(self, target: Any, name: str) -> None: ...  # noqa: D102

    def operate(self, target: Any, operation: str, *arguments: Any) -> Any: ...  # noqa: D102

    def code(self, target: Any) -> Any: ...  # noqa: D102

    def following(self, target: Any, count: int) -> tuple[Sequence[Any], End | None]: ...  # noqa: D102

    def leave(  # noqa: D102
        self, target: Any, error: BaseException | None, verb: str = ...
    ) -> bool: ...

    def refuse(self, reason: str) -> NoReturn: ...  # noqa: D102

    def cannot_pass(self, what: str) -> NoReturn: ...  # noqa: D102


STATE = "\0state"
"""The attribute that holds who is asked, and the number. No name is spelt like this."""

KNOWN = "\0known"
"""The attribute of a class whose name stands in the tests: they mean its objects to be objects."""

_FUNCTION_ATTRIBUTES = frozenset(
    {"__name__", "__qualname__", "__defaults__", "__kwdefaults__", "__wrapped__", "__self__"}
    | {"__func__", "__isabstractmethod__", "__signature__"}
)


class Held:
    """Anything of the program that the tests hold."""

    def __reduce_ex__(self, _: Any) -> NoReturn:
        remote_of(self).refuse("the tests pickled an object of the program")


def state_of(held: Any) -> tuple[Remote, int | None]:
    """Return whom an object is asked through, and its number; None for a value without one."""
    kind = type(held)
    if issubclass(kind, type):
        found: tuple[Remote, int | None] = type.__getattribute__(held, STATE)
        return found
    found = object.__getattribute__(held, STATE)
    if issubclass(type(kind), RemoteClass) and found is type.__getattribute__(kind, STATE):
        return found[0], None  # a namedtuple, which crosses as a value
    return found


def remote_of(held: Any) -> Remote:
    """Return whom an object is asked through."""
    return state_of(held)[0]


def is_programs(value: Any) -> bool:
    """Tell whether something is the program's, and no data."""
    kind = type(value)
    return issubclass(kind, (Held, RemoteClass, RemoteMeta))


def is_known(held: Any) -> bool:
    """Tell whether the tests name the class of an object, or the class itself."""
    kind = held if issubclass(type(held), type) else type(held)
    return bool(type.__getattribute__(kind, KNOWN))


def ask(held: Any, operation: str, *arguments: Any) -> Any:
    """Apply one of the operations of `whetstone.rewards.sandbox.operations`."""
    return remote_of(held).operate(held, operation, *arguments)


def _asked(name: str) -> Any:
    """Make an attribute that is the program's, where one of the class would hide it."""
    return property(lambda self: remote_of(self).get(self, name))


class RemoteFunction(Held):
    """A function of the program, or one of its bound methods."""

    def __init__(self, remote: Remote, number: int) -> None:
        object.__setattr__(self, STATE, (remote, number))

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it, where it is."""
        return remote_of(self).call(self, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name == "__code__":
            return remote_of(self).code(self)
        if name.startswith("__") and name not in _FUNCTION_ATTRIBUTES:
            raise AttributeError(name)
        return remote_of(self).get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        remote_of(self).set(self, name, value)

    def __delattr__(self, name: str) -> None:
        remote_of(self).delete(self, name)

    def __repr__(self) -> str:
        return str(ask(self, "repr"))

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _: Any) -> Any:
        return self

    __doc__ = _asked("__doc__")
    __module__ = _asked("__module__")
    __dict__ = _asked("__dict__")
    __annotations__ = _asked("__annotations__")


def _function(kind: type) -> type[RemoteFunction]:
    """Make the class of the functions that say they are of a type of the library."""
    # A class of its own would have a `__doc__` and a `__module__` of its own.
    members = {name: vars(RemoteFunction)[name] for name in ("__doc__", "__module__")}
    members["__class__"] = property(lambda _: kind)
    return type(kind.__name__, (RemoteFunction,), members)


FUNCTIONS = {
    "function": _function(types.FunctionType),
    "method": _function(types.MethodType),
    "builtin": _function(types.BuiltinFunctionType),
}


class RemoteMethod(Held):
    """A method of an object, not yet looked up: to call it takes one question instead of two."""

    def __init__(self, owner: Any, name: str) -> None:
        object.__setattr__(self, STATE, (remote_of(owner), None))
        object.__setattr__(self, "\0owner", owner)
        object.__setattr__(self, "\0name", name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Look it up and call it, in one question."""
        owner, name = place_of(self)
        return remote_of(self).method(owner, name, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        owner, own = place_of(self)
        return getattr(remote_of(self).get(owner, own), name)

    def __eq__(self, other: object) -> bool:
        if type(other) is not RemoteMethod:
            return False
        (owner, name), (others, others_name) = place_of(self), place_of(other)
        return owner is others and bool(name == others_name)

    def __hash__(self) -> int:
        owner, name = place_of(self)
        return hash((id(owner), name))

    def __repr__(self) -> str:
        owner, name = place_of(self)
        return repr(remote_of(self).get(owner, name))

    __doc__: Any = property(lambda self: self.__getattr__("__doc__"))
    __class__: Any = property(lambda _: types.MethodType)


RemoteMethod.__name__ = "method"


def place_of(method: RemoteMethod) -> tuple[Any, str]:
    """Return the object that a method is of, and its name."""
    return object.__getattribute__(method, "\0owner"), object.__getattribute__(method, "\0name")


class Method:
    """The place of a method in the class that stands in for the program's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, kind: type) -> Any:
        if instance is None:
            return remote_of(kind).get(kind, self._name)
        return RemoteMethod(instance, self._name)


class Instance(Held):
    """The root of the classes that stand in for those of the program."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in _INSTANCE_ATTRIBUTES:
            raise AttributeError(name)
        return remote_of(self).get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        remote_of(self).set(self, name, value)

    def __delattr__(self, name: str) -> None:
        remote_of(self).delete(self, name)

    def __repr__(self) -> str:
        return str(ask(self, "repr"))

    def __str__(self) -> str:
        return str(ask(self, "str"))

    def __format__(self, form: str) -> str:
        return str(ask(self, "format", form))

    def __dir__(self) -> Any:
        return ask(self, "dir")

    def __copy__(self) -> Any:
        return ask(self, "copy")

    def __deepcopy__(self, _: Any) -> Any:
        return ask(self, "deepcopy")

    __dict__ = _asked("__dict__")


_INSTANCE_ATTRIBUTES = frozenset(
    {
        "__wrapped__",
        "__name__",
        "__qualname__",
        "__orig_class__",
        "__annotations__",
        "__match_args__",
    }
    | {"__self__", "__func__", "__defaults__", "__notes__", "__post_init__", "__slots__"}
)


class RemoteClass(type):
    """The type of the classes that stand in for those of the program."""

    def __new__(cls, *_: Any, **__: Any) -> Any:
        """Refuse: only `whetstone.rewards.sandbox.mirrors` makes them."""
        raise RefusedError("the tests derive a class from one of the program")

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Have the program make an instance."""
        return remote_of(cls).call(cls, arguments, keywords)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in _CLASS_ATTRIBUTES:
            raise AttributeError(name)
        return remote_of(cls).get(cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        remote_of(cls).set(cls, name, value)

    def __delattr__(cls, name: str) -> None:
        remote_of(cls).delete(cls, name)

    def __instancecheck__(cls, instance: Any) -> bool:
        """Go by the bases, and ask of a class that others can be registered with."""
        if type.__instancecheck__(cls, instance):
            return True
        return is_programs(instance) and cls._asks("isinstance", instance)

    def __subclasscheck__(cls, subclass: Any) -> bool:
        if type.__subclasscheck__(cls, subclass):
            return True
        return is_programs(subclass) and cls._asks("issubclass", subclass)

    def _asks(cls, operation: str, other: Any) -> bool:
        is_abstract = type.__getattribute__(cls, ABSTRACT)
        return is_abstract is True and ask(cls, operation, other) is True

    def mro(cls) -> list[type]:
        """Return the order of the classes; once the class is made, without what is ours."""
        order = type.mro(cls)
        return [kind for kind in order if kind not in OURS] if STATE in vars(cls) else order

    __mro__: Any = property(mro)
    __bases__: Any = property(
        lambda cls: (
            tuple(k for k in type.__dict__["__bases__"].__get__(cls) if k not in OURS) or (object,)
        )
    )
    __annotations__ = property(lambda cls: remote_of(cls).get(cls, "__annotations__"))


class RemoteMeta(type):
    """The type of the classes that stand in for the metaclasses of the program."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Have the program make a class."""
        return remote_of(cls).call(cls, arguments, keywords)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return remote_of(cls).get(cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        remote_of(cls).set(cls, name, value)


ABSTRACT = "\0abstract"
OURS: set[type] = {Held, Instance}
"""Classes that the tests do not see among the bases of a class."""

_CLASS_ATTRIBUTES = frozenset(
    {"__members__", "__match_args__", "__wrapped__", "__abstractmethods__", "__slots__"}
    | {"__init__", "__orig_bases__", "__parameters__", "__signature__", "__total__"}
)
