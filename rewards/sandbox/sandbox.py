"""The sandbox: programs that nobody has read, run against their tests.

A program runs in a process of its own, in a world without files, network or other processes, and
its tests run in another. They meet through data on a socket, so a program cannot see its tests,
change what they use, or report for them. A crash, an exit, a flood of output or a loop is a verdict
and never reaches the caller. docs/rewards.md says what this protects from, and what not;
docs/decisions/0004 says why it is built so.

It refuses to run a program unless each of its walls has been attacked and has held
(`whetstone.rewards.sandbox.probe`).
"""

import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future, as_completed
from functools import partial
from types import TracebackType
from typing import Self

from whetstone.rewards.sandbox.packages import find_packages
from whetstone.rewards.sandbox.profile import Profile
from whetstone.rewards.sandbox.scripts.course import AnyJob, Course, follow
from whetstone.rewards.sandbox.scripts.job import ScriptJob
from whetstone.rewards.sandbox.scripts.series import Series, SeriesJob
from whetstone.rewards.sandbox.scripts.tests import StdioTests
from whetstone.rewards.sandbox.supervisor import Supervisor, cannot_start
from whetstone.rewards.sandbox.verdict import Job, Result, require_timeout

LEAST_MEMORY_MB = 64
Progress = Callable[[int, int], None]
"""Called with how many different programs are done, and how many there are."""


class Sandbox:
    """Runs programs in parallel; a context manager, safe to share between threads.

    Args:
        workers: Host processes; None takes one for each core that this process may use.
        timeout_s: Seconds a program may compute and sleep, unless its job says otherwise. Time that
            it spends waiting for a busy core is not held against it.
        memory_mb: Megabytes of address space a program may use, its interpreter included.
        packages: Names of installed packages that programs and tests may import, as in
            `import NAME`; what they need comes with them. They are imported once, with one thread,
            and their memory is not counted.
        profile: The walls. None takes `Profile.FULL` or, announced by a warning, the one without
            namespaces where the machine refuses those. A weaker one has to be named.

    Hosts start with the first program and end with `close`, with the last reference to the
    sandbox, or with this process, whatever ends it.

    The program runs, then its tests, and it has passed only if everything ran. Tests after a failed
    one still run, so that they can be counted. Strings hash and `random` starts the same way every
    time, only the standard library and `packages` can be imported, and there are no threads.
    Raises `MissingPackageError` for one that is not installed.

    Example:
        >>> with Sandbox() as sandbox:
        ...     sandbox.run("def f(): return 1", "assert f() == 1").verdict
        <Verdict.PASSED: 'passed'>

    """

    def __init__(
        self,
        workers: int | None = None,
        timeout_s: float = 3.0,
        memory_mb: int = 512,
        profile: Profile | None = None,
        packages: Iterable[str] = (),
    ) -> None:
        require_timeout(timeout_s)
        self._packages = find_packages(packages)
        if workers is not None and workers < 1:
            raise ValueError(f"workers={workers}: the sandbox needs at least 1")
        if memory_mb < LEAST_MEMORY_MB:
            raise ValueError(
                f"memory_mb={memory_mb}: an interpreter needs at least {LEAST_MEMORY_MB}"
            )
        self._workers = workers or _usable_cores()
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._profile = None if profile is None else Profile(profile)
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
        return self.run_many([Job(program, tests, timeout_s, entry_points)])[0]

    def run_many(
        self, jobs: Iterable[Job | ScriptJob], progress: Progress | None = None
    ) -> list[Result]:
        """Run jobs on all workers; results come in the order of the jobs.

        Equal jobs run once and share their result. `progress` is called in the caller's thread.

        Raises:
            RuntimeError: the sandbox is closed, before or meanwhile.
            SandboxUnavailableError: a wall of the profile cannot be raised here.
            PackagesUnavailableError: a package cannot be imported, or starts threads.

        """
        ordered = self._submit(jobs)
        if progress is not None:
            different = set(ordered)
            for done, _ in enumerate(as_completed(different), start=1):
                progress(done, len(different))
        return [future.result() for future in ordered]

    async def run_many_async(
        self, jobs: Iterable[Job | ScriptJob], progress: Progress | None = None
    ) -> list[Result]:
        """Like `run_many`, for a running asyncio loop, which goes on meanwhile."""
        import asyncio  # noqa: PLC0415 - scripts with a loop have it

        ordered = self._submit(jobs)
        waiting = {future: asyncio.wrap_future(future) for future in ordered}
        for done, finished in enumerate(asyncio.as_completed(waiting.values()), start=1):
            await finished
            if progress is not None:
                progress(done, len(waiting))
        return [waiting[future].result() for future in ordered]

    def close(self) -> None:
        """End every process of the sandbox; it cannot be used again."""
        with self._lock:
            self._closed = True
        if self._supervisor is not None:
            self._supervisor.stop()

    def _submit(self, jobs: Iterable[Job | ScriptJob]) -> list[Future[Result]]:
        try:
            supervisor = self._started()
        except OSError as error:  # this machine is out of descriptors, or of threads
            failed: Future[Result] = Future()
            failed.set_result(cannot_start(error))
            return [failed for _ in jobs]
        futures: dict[Job | ScriptJob, Future[Result]] = {}
        ordered = []
        for job in jobs:
            if job not in futures:
                futures[job] = self._start(supervisor, job)
            ordered.append(futures[job])
        return ordered

    def _start(self, supervisor: Supervisor, job: AnyJob) -> Future[Result]:
        if isinstance(job, Job) and isinstance(job.tests, StdioTests):
            kind = Course if job.tests.has_program else Series
            course = kind(job.program, job.tests, job.stops_early, job.timeout_s)
            return follow(course, partial(self._start, supervisor))
        timeout_s = self._timeout_s if job.timeout_s is None else job.timeout_s
        runs = job.count if isinstance(job, SeriesJob) else 1
        return supervisor.submit(job.fields(), timeout_s, runs)

    def _started(self) -> Supervisor:
        with self._lock:
            if self._closed:
                raise RuntimeError("the sandbox is closed")
            if self._supervisor is None or not self._supervisor.is_serving:
                supervisor = Supervisor(
                    self._workers, self._memory_mb, self._profile, self._packages
                )
                try:
                    supervisor.start()
                except RuntimeError as error:
                    raise OSError(str(error)) from error
                self._supervisor = supervisor
                weakref.finalize(self, supervisor.stop)
            return self._supervisor


def _usable_cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
