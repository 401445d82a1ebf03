"""An event loop for `asyncio` that needs no socket: a program may have none.

The library's own loop wakes itself up through a pair of sockets, for the sake of other threads and
of signals. There are neither here. Nothing is imported before it is wanted.
"""


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

    class _Policy(asyncio.DefaultEventLoopPolicy):
        _loop_factory = _Loop

    asyncio.set_event_loop_policy(_Policy())
