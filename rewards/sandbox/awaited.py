"""Special methods of what tests await of a program, which its own loop takes to its end."""

from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import Any

from whetstone.rewards.sandbox.remote import ask, remote_of


def _await(self: Any) -> Generator[None, None, Any]:
    return ask(self, "await")
    yield  # it is an iterator, and asks when it is stepped


def _aiter(self: Any) -> Any:
    return ask(self, "aiter")


async def _anext(self: Any) -> Any:
    return ask(self, "anext")


async def _aenter(self: Any) -> Any:
    return ask(self, "aenter")


async def _aexit(self: Any, _: object, error: BaseException | None, __: object) -> bool:
    return remote_of(self).leave(self, error, "aleave")


AWAITED: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"await": _await, "aiter": _aiter, "anext": _anext, "aenter": _aenter, "aexit": _aexit}
)
