"""The sandbox of compiled programs: builds each with its tests, runs it, reads how it ended."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from whetstone.rewards.sandbox.compiled.cases import run_case
from whetstone.rewards.sandbox.compiled.step import Ended, Jailer, JailError, Step
from whetstone.rewards.sandbox.compiled.toolchains import Toolchain, toolchain
from whetstone.rewards.sandbox.profile import Layer, SandboxUnavailableError
from whetstone.rewards.sandbox.sandbox import Sandbox
from whetstone.rewards.sandbox.scripts.course import Course
from whetstone.rewards.sandbox.scripts.job import ScriptJob
from whetstone.rewards.sandbox.scripts.tests import StdioTests
from whetstone.rewards.sandbox.text import one_line
from whetstone.rewards.sandbox.verdict import Job, Result, Verdict

_COMPILER_BYTES = 4 << 30
_MESSAGE_BYTES = 2000
# The clock is looser than the processor's limit, which it only backs: a busy machine costs nothing.
_PATIENCE, _GRACE_S = 3.0, 5.0


class CompiledSandbox:
    """Runs compiled programs in parallel; a context manager with the sandbox's manners.

    Args:
        language: `cpp`, `rust` or `java`.
        workers: programs at once; None takes one for each core that this process may use.
        timeout_s: processor seconds of a run, unless its job says otherwise.
        memory_mb: megabytes of a run: address space, or a JVM's heap.

    Raises:
        MissingToolError: the compiler is not installed.
        SandboxUnavailableError: a wall cannot be raised here, found by running a harmless program.

    """

    def __init__(
        self,
        language: str,
        workers: int | None = None,
        timeout_s: float = 15.0,
        memory_mb: int = 1024,
    ) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailableError(Layer.NAMESPACES, f"{sys.platform} has none")
        self._tools = toolchain(language, memory_mb, tested=True)
        self._alone = toolchain(language, memory_mb, tested=False)
        self._checkers = Sandbox(1)
        self._workers = workers or len(os.sched_getaffinity(0))
        self._timeout_s = timeout_s
        self._memory_bytes = (memory_mb << 20) if self._tools.address_space else 0
        self._jailer = Jailer()
        with tempfile.TemporaryDirectory(prefix="compiled-") as folder:
            self._jailer.probe(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process that starts programs; nothing else lives on between two of them."""
        self._jailer.close()
        self._checkers.close()

    def run_many(self, jobs: Iterable[Job]) -> list[Result]:
        """Run jobs; results come in their order. Equal ones run once. Entry points mean nothing."""
        ordered = list(jobs)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="compiled") as pool:
            futures = {job: pool.submit(self._judge, job) for job in dict.fromkeys(ordered)}
            return [futures[job].result() for job in ordered]

    def _judge(self, job: Job) -> Result:
        timeout_s = job.timeout_s or self._timeout_s
        if isinstance(job.tests, StdioTests):
            return self._by_cases(job.program, job.tests, job.stops_early, timeout_s)
        started = time.monotonic()
        try:
            verdict, detail = self._verdict(job.program, job.tests, timeout_s)
        except JailError as error:
            verdict, detail = Verdict.INFRA_ERROR, str(error)
        passed = int(verdict is Verdict.PASSED)
        wall_s = time.monotonic() - started
        return Result(verdict, one_line(detail), passed, 1, 0.0, wall_s)

    def _verdict(self, program: str, tests: str, timeout_s: float) -> tuple[Verdict, str]:
        with _folder() as folder:
            failure = self._build(self._tools, folder, f"{program}\n{tests}")
            if failure is not None:
                return failure
            ran = self._step(self._tools.run, folder, timeout_s, self._memory_bytes)
        return _outcome(ran, timeout_s)

    def _by_cases(
        self, program: str, tests: StdioTests, stops_early: bool, timeout_s: float
    ) -> Result:
        """Build a program once, and run it on each input."""
        total = len(tests.cases)
        with _folder() as folder:
            try:
                failure = self._build(self._alone, folder, program)
            except JailError as error:
                failure = Verdict.INFRA_ERROR, str(error)
            if failure is not None:
                return Result(failure[0], one_line(failure[1]), 0, total, 0.0, 0.0)
            course = Course(program, tests, stops_early, timeout_s)
            job: Job | ScriptJob | None = course.next_job()
            while job is not None:
                job = course.take(self._case(folder, job))
        return course.result()

    def _case(self, folder: str, job: Job | ScriptJob) -> Result:
        if isinstance(job, Job):  # the user's checker, which is Python
            return self._checkers.run_many([job])[0]
        seconds = job.timeout_s or self._timeout_s
        memory = self._memory_bytes
        if job.memory_mb is not None and memory:
            memory = min(memory, job.memory_mb << 20)
        step = Step(self._alone.run, folder, self._alone.folders, seconds, memory)
        return run_case(self._jailer, step, job, _PATIENCE * seconds + _GRACE_S)

    def _build(self, tools: Toolchain, folder: str, source: str) -> tuple[Verdict, str] | None:
        """Compile a source file; returns what the verdict is where that fails."""
        Path(folder, tools.file).write_text(source, encoding="utf-8", errors="replace")
        compiler = _COMPILER_BYTES if tools.address_space else 0
        built = self._step(tools.build, folder, tools.build_s, compiler)
        if built.status is None or built.signal == signal.SIGXCPU:
            return Verdict.TIMEOUT, f"not built in {tools.build_s:g} s"
        return (Verdict.SYNTAX_ERROR, built.message) if built.status else None

    def _step(self, command: tuple[str, ...], folder: str, seconds: float, memory: int) -> Ended:
        step = Step(command, folder, self._tools.folders, seconds, memory)
        return self._jailer.run(step, _PATIENCE * seconds + _GRACE_S, _MESSAGE_BYTES)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="compiled-", ignore_cleanup_errors=True)


def _outcome(ran: Ended, timeout_s: float) -> tuple[Verdict, str]:
    if ran.status is None or ran.signal in {signal.SIGXCPU, signal.SIGKILL}:
        return Verdict.TIMEOUT, f"stopped after {timeout_s:g} s"
    if ran.status == 0:
        return Verdict.PASSED, ""
    if ran.signal and ran.signal != signal.SIGABRT:
        return Verdict.ERROR, f"died from {signal.Signals(ran.signal).name}. {ran.message}"
    return Verdict.FAILED, ran.message
