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

from whetstone.rewards.sandbox.compiled.step import Ended, Jailer, JailError, Step
from whetstone.rewards.sandbox.compiled.toolchains import toolchain
from whetstone.rewards.sandbox.profile import Layer, SandboxUnavailableError
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
        self._tools = toolchain(language, memory_mb)
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
        """End the process that starts programs; nothing else lives on between two of them."""
        self._jailer.close()

    def run_many(self, jobs: Iterable[Job]) -> list[Result]:
        """Run jobs; results come in their order. Equal ones run once. Entry points mean nothing."""
        ordered = list(jobs)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="compiled") as pool:
            futures = {job: pool.submit(self._judge, job) for job in map(_key, ordered)}
            return [futures[_key(job)].result() for job in ordered]

    def _judge(self, job: tuple[str, str, float | None]) -> Result:
        program, tests, timeout_s = job
        started = time.monotonic()
        try:
            verdict, detail = self._verdict(program, tests, timeout_s or self._timeout_s)
        except JailError as error:
            verdict, detail = Verdict.INFRA_ERROR, str(error)
        passed = int(verdict is Verdict.PASSED)
        wall_s = time.monotonic() - started
        return Result(verdict, one_line(detail), passed, 1, 0.0, wall_s)

    def _verdict(self, program: str, tests: str, timeout_s: float) -> tuple[Verdict, str]:
        tools = self._tools
        with tempfile.TemporaryDirectory(prefix="compiled-", ignore_cleanup_errors=True) as folder:
            source = Path(folder, tools.file)
            source.write_text(f"{program}\n{tests}", encoding="utf-8", errors="replace")
            compiler = _COMPILER_BYTES if tools.address_space else 0
            built = self._step(tools.build, folder, tools.build_s, compiler)
            if built.status is None or built.signal == signal.SIGXCPU:
                return Verdict.TIMEOUT, f"not built in {tools.build_s:g} s"
            if built.status:
                return Verdict.SYNTAX_ERROR, built.message
            ran = self._step(tools.run, folder, timeout_s, self._memory_bytes)
        return _outcome(ran, timeout_s)

    def _step(self, command: tuple[str, ...], folder: str, seconds: float, memory: int) -> Ended:
        step = Step(command, folder, self._tools.folders, seconds, memory)
        return self._jailer.run(step, _PATIENCE * seconds + _GRACE_S, _MESSAGE_BYTES)


def _key(job: Job) -> tuple[str, str, float | None]:
    return job.program, job.tests, job.timeout_s


def _outcome(ran: Ended, timeout_s: float) -> tuple[Verdict, str]:
    if ran.status is None or ran.signal in {signal.SIGXCPU, signal.SIGKILL}:
        return Verdict.TIMEOUT, f"stopped after {timeout_s:g} s"
    if ran.status == 0:
        return Verdict.PASSED, ""
    if ran.signal and ran.signal != signal.SIGABRT:
        return Verdict.ERROR, f"died from {signal.Signals(ran.signal).name}. {ran.message}"
    return Verdict.FAILED, ran.message
