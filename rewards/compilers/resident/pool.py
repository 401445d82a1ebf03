"""As many processes of one resident compiler as are asked at once, borrowed and given back."""

import threading
from collections.abc import Sequence
from pathlib import Path

from whetstone.rewards.compilers.base import (
    CompileLimits,
    CompileOutcome,
    Compiler,
    CompilerVerdict,
)
from whetstone.rewards.compilers.resident.process import Process, ServerDiedError
from whetstone.rewards.sandbox.compiled.step import Jailer, JailError

FOLDER = Path(__file__).parent
_START_CPU_S = 20.0
"""Processor seconds that a server may take to start, beyond those of the first snippet."""


class Resident(Compiler):
    """A compiler that stays."""

    command: Sequence[str]
    folders: Sequence[str]
    files: dict[str, str]
    data_bytes = 0
    """Memory that a process can write to; 0 where the command itself says how large its heap is."""
    probe: str
    """A source without an error, which every new process has to compile."""

    def __init__(self, jailer: Jailer, limits: CompileLimits) -> None:
        self._jailer, self._limits = jailer, limits
        self._lock = threading.Lock()
        self._idle: list[Process] = []

    def check(self, source: str) -> CompilerVerdict:
        """Compile a source in a process that is free, or in a new one.

        A process that dies may have been about to: only a source that brings down a fresh one as
        well is to blame.
        """
        try:
            return self._ask(source) or self._ask(source, fresh=True) or _crashed()
        except JailError as error:
            return CompilerVerdict(CompileOutcome.INFRA_ERROR, detail=str(error))

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()

    def _ask(self, source: str, *, fresh: bool = False) -> CompilerVerdict | None:
        """Ask one process; None when it died of it."""
        process = self._borrow(fresh=fresh)
        try:
            verdict = process.ask(source, self._limits.cpu_s)
        except ServerDiedError:
            process.close()
            return None
        except BaseException:
            process.close()
            raise
        if verdict is None:
            process.close()
            return CompilerVerdict(
                CompileOutcome.LIMIT, detail=f"stopped after {self._limits.cpu_s:g} s"
            )
        with self._lock:
            self._idle.append(process)
        return verdict

    def _borrow(self, *, fresh: bool) -> Process:
        with self._lock:
            if self._idle and not fresh:
                return self._idle.pop()
        process = Process(self._jailer, self.command, self.folders, self.files, self.data_bytes)
        try:
            verdict = process.ask(self.probe, _START_CPU_S)
        except ServerDiedError as error:
            reason = process.errors()
            process.close()
            raise JailError(f"{self.version} does not start: {reason}") from error
        except BaseException:
            process.close()
            raise
        if verdict is None or verdict.outcome is not CompileOutcome.COMPILED:
            process.close()
            raise JailError(f"{self.version} does not work in the sandbox: {verdict}")
        return process


def _crashed() -> CompilerVerdict:
    return CompilerVerdict(CompileOutcome.LIMIT, detail="it brought the compiler down, twice")
