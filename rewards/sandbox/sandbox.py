"""The sandbox: programs that nobody has read, run against their tests.

What this version protects from: a program runs in a process of its own, in a fresh interpreter that
holds no memory, variable, descriptor or import path of the caller; its memory, processor time and
descriptors are limited, it cannot write to files, and it is stopped at its deadline with everything
it started. A crash, an exit, a flood of output or a loop is a verdict and never reaches the caller.

What it does not protect from: a hostile program. Program and tests share a process, so a program
can read the tests, patch what they use or forge its report. It has the rights of the user: it can
read files, open connections, signal other processes and fork until its deadline. A verdict is to be
trusted as far as the program is.

It needs Linux (process-death signals, `/proc`, eventfd) and refuses to start anywhere else.
"""

import os
import sys
import threading
import weakref
from collections.abc import Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from rewards.sandbox.supervisor import Supervisor
from rewards.sandbox.verdict import Job, Result


class Sandbox:
    """Runs programs in parallel; a context manager, safe to share between threads.

    Args:
        workers: Server processes; None takes one for each core that this process may use.
        timeout_s: Seconds a program may run, unless its job says otherwise. Time that it spends
            waiting for a busy core is not held against it, up to once more the timeout.
        memory_mb: Megabytes of address space a program may use, its interpreter included.

    Servers start with the first program and end with `close`, with the last reference to the
    sandbox, or with this process, whatever ends it.

    Semantics are those of bigcode-evaluation-harness: the program runs, then its tests in the same
    namespace, and it has passed only if everything ran. Beyond the harness, tests after a failed
    one still run, so that they can be counted (`rewards.sandbox.tester`), strings hash and `random`
    starts the same way every time, and only the standard library can be imported.

    """

    def __init__(
        self, workers: int | None = None, timeout_s: float = 3.0, memory_mb: int = 512
    ) -> None:
        if sys.platform != "linux":
            raise RuntimeError(f"the sandbox needs Linux, and this is {sys.platform}")
        settings = {"workers": workers, "timeout_s": timeout_s, "memory_mb": memory_mb}
        for name, value in settings.items():
            if value is not None and value <= 0:
                raise ValueError(f"{name}={value}: the sandbox needs more than 0")
        self._workers = workers or len(os.sched_getaffinity(0))
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._lock = threading.Lock()
        self._supervisor: Supervisor | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def run(
        self,
        program: str,
        tests: str,
        timeout_s: float | None = None,
        entry_points: Iterable[str] | None = None,
    ) -> Result:
        """Run one program against its tests. Arguments are those of `Job`."""
        names = None if entry_points is None else tuple(entry_points)
        return self.run_many([Job(program, tests, timeout_s, names)])[0]

    def run_many(self, jobs: Iterable[Job]) -> list[Result]:
        """Run jobs on all workers; results come in the order of the jobs.

        Equal jobs run once and share their result. Raises `RuntimeError` if the sandbox is closed,
        before or meanwhile.
        """
        supervisor = self._started()
        futures: dict[tuple[object, ...], Future[Result]] = {}
        keys = []
        for job in jobs:
            timeout_s = self._timeout_s if job.timeout_s is None else job.timeout_s
            entry_points = list(job.entry_points or ())
            key = (job.program, job.tests, timeout_s, *entry_points)
            if key not in futures:
                futures[key] = supervisor.submit(job.program, job.tests, timeout_s, entry_points)
            keys.append(key)
        return [futures[key].result() for key in keys]

    def close(self) -> None:
        """End every process of the sandbox; it cannot be used again."""
        with self._lock:
            self._closed = True
        if self._supervisor is not None:
            self._supervisor.stop()

    def _started(self) -> Supervisor:
        with self._lock:
            if self._closed:
                raise RuntimeError("the sandbox is closed")
            # Not alive: it has failed, or this process is a fork, which inherits no threads.
            if self._supervisor is None or not self._supervisor.is_alive():
                self._supervisor = Supervisor(self._workers, self._memory_mb)
                self._supervisor.start()
                weakref.finalize(self, self._supervisor.stop)
            return self._supervisor
