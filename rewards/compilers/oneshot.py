"""Compilers that are started for each file: gcc, g++, rustc, go."""

import signal
import tempfile
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from whetstone.rewards.compilers.base import (
    CompileLimits,
    CompileOutcome,
    Compiler,
    CompilerVerdict,
    Diagnostic,
    Severity,
)
from whetstone.rewards.sandbox.compiled.step import Ended, Jailer, JailError, Step

DEVICES = ("/dev/null", "/dev/urandom")
"""A source may include a device: of these it gets nothing, or noise until its limit."""
_MESSAGE_BYTES = 1 << 20
_FILE_BYTES = 8 << 20
_OWN_CPU_S, _OWN_FILE_BYTES = 60.0, 1 << 29
# The clock only backs the processor's limit: a busy machine must cost nothing.
_PATIENCE, _GRACE_S = 20.0, 60.0
_RAN_OUT = ("memory exhausted", "memory allocation of", "out of memory", "bad_alloc")


class OneShot(Compiler):
    """Writes a source file into a folder of its own and runs a command there."""

    file: str
    """Name of the source file."""
    command: Sequence[str]
    folders: Sequence[str] = ()
    """What the command reads, besides the system."""
    reserves = False
    """It reserves far more addresses than it uses, as Go's runtime does."""

    def __init__(self, jailer: Jailer, limits: CompileLimits) -> None:
        self._jailer, self._limits = jailer, limits

    def prepare(self) -> None:
        """Make what all compilations share, where there is such a thing."""

    @abstractmethod
    def parse(self, output: str) -> Iterable[Diagnostic]:
        """Read the compiler's own machine-readable output. Raises `ValueError` where it is none."""

    def check(self, source: str) -> CompilerVerdict:
        """Run the command on the source."""
        try:
            self.prepare()
            with tempfile.TemporaryDirectory(prefix="compile-") as folder:
                Path(folder, self.file).write_bytes(source.encode("utf-8", "replace"))
                return self._verdict(self.run(self.command, folder))
        except JailError as error:
            return CompilerVerdict(CompileOutcome.INFRA_ERROR, detail=str(error))

    def run(self, command: Sequence[str], folder: str) -> Ended:
        """Run a command on a snippet, within its limits. Raises `JailError`."""
        memory, cpu_s = self._limits.memory_mb << 20, self._limits.cpu_s
        step = Step(command, folder, self.folders, cpu_s, memory, DEVICES, _FILE_BYTES)
        if self.reserves:
            step = replace(step, memory_bytes=0, data_bytes=memory)
        return self._jailer.run(step, _PATIENCE * cpu_s + _GRACE_S, _MESSAGE_BYTES)

    def run_own(self, command: Sequence[str], folder: str) -> Ended:
        """Run a command on what is ours: it is not to blame for its time. Raises `JailError`."""
        step = Step(command, folder, self.folders, _OWN_CPU_S, 0, DEVICES, _OWN_FILE_BYTES)
        return self._jailer.run(step, _PATIENCE * _OWN_CPU_S, _MESSAGE_BYTES)

    def _verdict(self, ended: Ended) -> CompilerVerdict:
        # A Go program takes no notice of the first signal, and the second one is the kernel's last.
        spent = ended.cpu_s >= self._limits.cpu_s
        if ended.status is None or (ended.signal == signal.SIGKILL and not spent):
            return CompilerVerdict(
                CompileOutcome.INFRA_ERROR, detail="the machine was too busy, or killed it"
            )
        if ended.signal or "internal compiler error" in ended.message:
            return CompilerVerdict(
                CompileOutcome.LIMIT, detail="it ran out of time, memory or stack, or crashed"
            )
        try:
            found = tuple(self.parse(ended.message))
        except ValueError:
            found = ()
        errors = any(diagnostic.severity is Severity.ERROR for diagnostic in found)
        if ended.status == 0 and not errors:
            return CompilerVerdict(CompileOutcome.COMPILED, found)
        if not errors and any(words in ended.message for words in _RAN_OUT):
            return CompilerVerdict(CompileOutcome.LIMIT, found, "it ran out of memory")
        if not errors:
            found = (*found, Diagnostic(Severity.ERROR, "", None, ended.message[:300].strip()))
        return CompilerVerdict(CompileOutcome.ERRORS, found)
