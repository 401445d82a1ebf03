"""An event loop for `asyncio` that needs no socket: a program may have none.

The library's own loop wakes itself up through a pair of sockets, for the sake of other threads and
of signals. There are neither here. Nothing is imported before it is wanted.

Tests step through what they await of a program, in a loop of their own. What it waits for in turn
belongs to the loop of its own process, so one step of the tests takes it to its end.
"""

from collections.abc import Awaitable
from types import CoroutineType
from typing import Any, NoReturn

_LOOPS: list[Any] = []
"""The loop of this process, once somebody has awaited something."""
_INSTALLED: list[bool] = []


def awaits(target: object) -> bool:
    """Tell whether a step of something may wait for what a loop brings about."""
    return bool(_INSTALLED) and isinstance(target, CoroutineType)


def result_of(awaited: Awaitable[Any]) -> Any:
    """Take something to its end; what needs no loop is stepped through without one."""
    if not _INSTALLED:
        steps = awaited.__await__()
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        raise RuntimeError("no running event loop")
    import asyncio  # noqa: PLC0415 - a program that needs it has imported it

    if not _LOOPS:
        _LOOPS.append(asyncio.new_event_loop())
    return _LOOPS[0].run_until_complete(asyncio.ensure_future(awaited, loop=_LOOPS[0]))


def end(awaited: Awaitable[Any]) -> NoReturn:
    """Take a coroutine to its end, and end as its last step does."""
    raise StopIteration(result_of(awaited))


def install() -> None:
    """Have `asyncio` make such loops from now on."""
    import asyncio  # noqa: PLC0415 - a program that needs it has imported it
    import selectors  # noqa: PLC0415

    class _Loop(asyncio.SelectorEventLoop):
        def __init__(self) -> None:
            super().__init__(selectors.SelectSelector())

        def _make_self_pipe(self) -> None:
            """Make none."""

        def _close_self_pipe(self) -> None:
            """Close none."""

        def _write_to_self(self) -> None:
            """Wake nobody: who calls this is the only one here."""

        def _run_once(self: Any) -> None:
            """Go on, unless nothing is left that could ever happen."""
            if not self._ready and not self._scheduled:
                raise RuntimeError("the program waits for what only the tests' loop can bring")
            asyncio.SelectorEventLoop._run_once(self)  # type: ignore[attr-defined]  # noqa: SLF001

    class _Policy(asyncio.DefaultEventLoopPolicy):
        _loop_factory = _Loop

    asyncio.set_event_loop_policy(_Policy())
    _INSTALLED.append(True)
