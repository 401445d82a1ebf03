"""What tests find beside the library: calls that we make them do, and two that `site` adds."""

from collections.abc import Callable
from typing import Any, NoReturn

from rewards.sandbox.each import each
from rewards.sandbox.layouts import EACH
from rewards.sandbox.strict import BEYOND, beyond


def leave(code: Any = None) -> NoReturn:
    """Do what `exit(1)` means in tests: they have failed."""
    if code is None or code is False or code == 0:
        raise SystemExit(code)
    raise AssertionError(f"the tests left with exit code {code}")


SUPPLIES: dict[str, Callable[..., Any]] = {
    EACH: each,
    BEYOND: beyond,
    "exit": leave,
    "quit": leave,
}
