"""Subscripts of the program's classes: `Box[int]` is the class for whoever calls or asks it."""

import types
from typing import Any

from whetstone.rewards.sandbox.remote import ask


class _Alias(types.GenericAlias):
    """A class of the program with its parameters, which tell the program nothing."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        kind: Any = self.__origin__
        return kind(*arguments, **keywords)


def subscripted(kind: Any, item: Any) -> Any:
    """Return what a class of the program gives for a subscript; raises what it raises."""
    is_alias, result = ask(kind, "subscript", item)
    return _Alias(kind, item) if is_alias else result
