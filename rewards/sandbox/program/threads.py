"""Threads of a program, which the walls refuse: each runs to its end where it is started.

That changes no answer of a program whose threads work for it: it asked for a deeper stack, or for
several things at once. One that waits for what comes later waits for ever, and is out of time.
"""

import os
from collections.abc import Callable
from typing import Any


def put_in(program: str) -> None:
    """Prepare this process for a program that names threads; others pay nothing for them."""
    if "thread" in program:
        _run_at_once()
    if "ThreadPool" in program or "to_thread" in program or "run_in_executor" in program:
        _call_at_once()


def _run_at_once() -> None:
    import threading  # noqa: PLC0415 - few programs need it

    started: dict[int, threading.Thread] = {}  # kept, or another could have the same number

    def start(thread: threading.Thread) -> None:
        if id(thread) in started:
            raise RuntimeError("threads can only be started once")
        if isinstance(thread, threading.Timer):  # it may be cancelled before its time
            raise RuntimeError("can't start new thread")  # noqa: TRY004 - as the interpreter says it
        started[id(thread)] = thread
        try:
            thread.run()
        except SystemExit:
            pass
        except BaseException as error:  # noqa: BLE001 - the end of a thread, not of the program
            os.write(2, f"{type(error).__name__} in a thread".encode())

    def join(thread: threading.Thread, *_: Any, **__: Any) -> None:
        if id(thread) not in started:
            raise RuntimeError("cannot join thread before it is started")

    for name, stand_in in (("start", start), ("join", join), ("is_alive", lambda _: False)):
        setattr(threading.Thread, name, stand_in)


def _call_at_once() -> None:
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415 - few need it

    begun: dict[int, ThreadPoolExecutor] = {}
    closed: dict[int, ThreadPoolExecutor] = {}

    def submit(
        pool: ThreadPoolExecutor, function: Callable[..., Any], /, *arguments: Any, **keywords: Any
    ) -> Future[Any]:
        if id(pool) in closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if id(pool) not in begun:
            begun[id(pool)] = pool
            if pool._initializer is not None:  # noqa: SLF001
                pool._initializer(*pool._initargs)  # noqa: SLF001
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(function(*arguments, **keywords))
        except BaseException as error:  # noqa: BLE001 - whatever is raised is its result
            future.set_exception(error)
        return future

    def shutdown(pool: ThreadPoolExecutor, *_: Any, **__: Any) -> None:
        closed[id(pool)] = pool

    for name, stand_in in (("submit", submit), ("shutdown", shutdown)):
        setattr(ThreadPoolExecutor, name, stand_in)
