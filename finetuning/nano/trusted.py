"""Runs in this process the programs that this package wrote itself.

It is no sandbox: it refuses nothing, and what a policy wrote must never come here. Programs made
of the tables only loop over a short argument, so they need neither a time nor a memory limit; this
is a thousand times faster than a child process, which is why problems are cheap to make.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

from whetstone.finetuning.nano.primitives import Value
from whetstone.finetuning.nano.statements import ENTRY_POINT

MISCONCEIVED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a misconception may raise, as the sum of words does; anything else is a bug of a table."""


class Raised:
    """The outcome of a call that raised: equal to no value, and to no other call's."""


def outcomes(program: str, inputs: Sequence[Value]) -> list[Any]:
    """Return what the program's function gives for each input, or `Raised()`."""
    namespace: dict[str, Any] = {}
    exec(program, namespace)  # noqa: S102 - written by this package
    return [_call(namespace[ENTRY_POINT], value) for value in inputs]


def passes(program: str, tests: str) -> bool:
    """Return whether every assert of `tests` holds for the program."""
    # optimize=0 keeps the asserts under `python -O`.
    code = compile(program + tests, "<nano>", "exec", optimize=0)
    try:
        exec(code, {})  # noqa: S102 - written by this package
    except (AssertionError, *MISCONCEIVED):
        return False
    return True


def _call(function: Any, value: Value) -> Any:
    try:
        return function(copy(value))
    except MISCONCEIVED:
        return Raised()
