"""One resident compiler: a step of the sandbox that answers, and that can be ended at any time."""

import contextlib
import os
import select
import shutil
import struct
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from whetstone.rewards.compilers.base import CompileOutcome, CompilerVerdict, Diagnostic, Severity
from whetstone.rewards.compilers.oneshot import DEVICES
from whetstone.rewards.sandbox import processes
from whetstone.rewards.sandbox.compiled.step import Jailer, JailError, Running, Step

_LENGTH = struct.Struct(">I")
_TICKS = os.sysconf("SC_CLK_TCK")
_FIELDS_BEFORE_TIME = 11
"""Fields of `/proc/PID/stat` behind the name and before utime and stime."""
_CHUNK, _NAP_S = 1 << 16, 0.05
_PATIENCE, _GRACE_S = 20.0, 60.0


class ServerDiedError(Exception):
    """The resident ended, or says what makes no sense."""


class Process:
    """Starts with its first question. For one thread at a time.

    Args:
        jailer: What starts it.
        command: The server, in a folder of its own.
        folders: What it reads, besides the system.
        files: Text of the files in that folder, by name.
        data_bytes: Memory that it can write to; 0: without limit.

    """

    def __init__(
        self,
        jailer: Jailer,
        command: Sequence[str],
        folders: Sequence[str],
        files: dict[str, str],
        data_bytes: int = 0,
    ) -> None:
        self._folder = tempfile.mkdtemp(prefix="resident-")
        for name, text in files.items():
            Path(self._folder, name).write_text(text, encoding="utf-8")
        to_read, self._to = os.pipe()
        self._from, from_write = os.pipe()
        step = Step(command, self._folder, folders, 0, 0, DEVICES, data_bytes=data_bytes)
        try:
            with Path(self._folder, ".errors").open("wb") as errors:
                self._running: Running = jailer.start(step, to_read, from_write, errors.fileno())
        except JailError:
            os.close(self._to)
            os.close(self._from)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        finally:
            os.close(to_read)
            os.close(from_write)

    def ask(self, source: str, cpu_s: float) -> CompilerVerdict | None:
        """Have a source compiled; None when it is over its time, and the process has to be ended.

        Raises:
            ServerDiedError: it ended before it had answered.
            JailError: the machine is too busy to tell.

        """
        text = source.encode("utf-8", "replace")
        budget = self._cpu_s() + cpu_s
        deadline = time.monotonic() + _PATIENCE * cpu_s + _GRACE_S
        try:
            _write(self._to, _LENGTH.pack(len(text)) + text, deadline)
        except OSError as error:
            raise ServerDiedError(str(error)) from error
        answer = b""
        wanted = _LENGTH.size
        while len(answer) < wanted:
            if select.select([self._from], [], [], _NAP_S)[0]:
                chunk = os.read(self._from, _CHUNK)
                if not chunk:
                    raise ServerDiedError("no answer")
                answer += chunk
                if len(answer) >= _LENGTH.size:
                    wanted = _LENGTH.size + _LENGTH.unpack(answer[: _LENGTH.size])[0]
            elif self._cpu_s() > budget:
                return None
            elif time.monotonic() > deadline:
                raise JailError("the machine was too busy")
        return _parse(answer[_LENGTH.size :].decode("utf-8", "replace"))

    def close(self) -> None:
        """End it, and remove its folder."""
        os.close(self._to)
        os.close(self._from)
        with contextlib.suppress(JailError):  # ended from outside, it does not say how
            self._running.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def errors(self) -> str:
        """Return what it wrote to its standard error: why it did not start."""
        return Path(self._folder, ".errors").read_text(errors="replace")[:300]

    def _cpu_s(self) -> float:
        """Processor seconds so far; 0 before it runs."""
        try:
            pid = processes.only_child(processes.only_child(self._running.pid))
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            return 0.0
        return sum(map(int, fields[_FIELDS_BEFORE_TIME : _FIELDS_BEFORE_TIME + 2])) / _TICKS


def _write(descriptor: int, data: bytes, deadline: float) -> None:
    os.set_blocking(descriptor, False)
    while data:
        if not select.select([], [descriptor], [], max(0.0, deadline - time.monotonic()))[1]:
            raise JailError("the machine was too busy")
        data = data[os.write(descriptor, data[:_CHUNK]) :]


def _parse(answer: str) -> CompilerVerdict:
    head, *lines = answer.split("\n")
    status, _, detail = head.partition("\t")
    if status == "limit":
        return CompilerVerdict(CompileOutcome.LIMIT, detail=detail)
    if status != "done":
        raise ServerDiedError(f"it says {head[:100]!r}")
    found = []
    for line in lines:
        severity, code, number, message = line.split("\t", 3)
        found.append(Diagnostic(Severity(severity), code, int(number) or None, message))
    failed = any(diagnostic.severity is Severity.ERROR for diagnostic in found)
    return CompilerVerdict(
        CompileOutcome.ERRORS if failed else CompileOutcome.COMPILED, tuple(found)
    )
