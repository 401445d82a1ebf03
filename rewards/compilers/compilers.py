"""All compilers behind one door: a batch of snippets of any languages, one compile a core."""

import os
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Self

from whetstone.rewards.compilers import harness as harnesses
from whetstone.rewards.compilers.base import (
    Compilation,
    CompileLimits,
    CompileOutcome,
    Compiler,
    CompilerVerdict,
    Severity,
)
from whetstone.rewards.compilers.reader import read_all
from whetstone.rewards.compilers.snippet import Reading, Snippet
from whetstone.rewards.compilers.table import LANGUAGES
from whetstone.rewards.languages import language_of
from whetstone.rewards.sandbox.compiled.step import Jailer
from whetstone.rewards.sandbox.profile import Layer, SandboxUnavailableError
from whetstone.rewards.sandbox.text import one_line


class Compilers:
    """Starts each compiler when its language is first seen; a context manager.

    Args:
        workers: Compilations at once; None takes one for each core that this process may use.
        cpu_s: Processor seconds of one compilation. The clock's limit is far beyond that.
        memory_mb: Megabytes of one compilation: address space, or a heap.
        harness: `standard`, `none` or a file, see `whetstone.rewards.compilers.harness`.

    Raises:
        ValueError: there is no such harness.

    Example:
        >>> with Compilers() as compilers:
        ...     [compiled] = compilers.run_many([Snippet("python", "def add(a, b): return a + b")])
        >>> compiled.outcome
        <CompileOutcome.COMPILED: 'compiled'>

    """

    def __init__(
        self,
        workers: int | None = None,
        cpu_s: float = 5.0,
        memory_mb: int = 2048,
        harness: str = harnesses.STANDARD,
    ) -> None:
        self._workers = workers or (os.cpu_count() or 1)
        if hasattr(os, "sched_getaffinity"):
            self._workers = workers or len(os.sched_getaffinity(0))
        self._limits = CompileLimits(cpu_s, memory_mb)
        self._harness = harnesses.load(harness)
        self._jailer = Jailer()
        self._lock = threading.Lock()
        self._started: dict[str, Compiler] = {}
        self._probed = False

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
        """End every process and remove every file; the next batch starts them anew."""
        for compiler in self._started.values():
            compiler.close()
        self._started.clear()
        self._jailer.close()

    def compiler(self, language: str) -> Compiler:
        """Return the compiler of a language.

        Raises:
            MissingCompilerError: it is not installed.
            ValueError: there is none for this language.
            SandboxUnavailableError: compilers cannot be isolated on this machine.

        """
        language = language_of(language)
        with self._lock:
            if not self._probed:
                self._probe()
            if language not in self._started:
                make = LANGUAGES[language].compiler
                self._started[language] = make(self._jailer, self._limits, self._harness[language])
            return self._started[language]

    def run_many(self, snippets: Iterable[Snippet]) -> list[Compilation]:
        """Compile snippets; results come in their order, and equal ones are compiled once."""
        ordered = [replace(one, language=language_of(one.language)) for one in snippets]
        for language in dict.fromkeys(snippet.language for snippet in ordered):
            self.compiler(language)
        unlike = list(dict.fromkeys(ordered))
        readings = read_all(unlike, self._harness)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="compile") as pool:
            found = dict(zip(unlike, pool.map(self._compile, unlike, readings), strict=True))
        return [found[snippet] for snippet in ordered]

    def _probe(self) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailableError(Layer.NAMESPACES, f"{sys.platform} has none")
        with tempfile.TemporaryDirectory(prefix="compile-") as folder:
            self._jailer.probe(folder)
        self._probed = True

    def _compile(self, snippet: Snippet, reading: Reading | None) -> Compilation:
        if reading is None:
            return Compilation(
                CompileOutcome.LIMIT, (), 0, 0, False, "too long or too tangled to be read"
            )
        if reading.repeats:
            return Compilation(CompileOutcome.EMPTY, (), 0, 0, False, "nothing is said")
        compiler = self.compiler(snippet.language)
        verdict = compiler.check(reading.source)
        if verdict.outcome is CompileOutcome.COMPILED and not reading.content:
            return Compilation(CompileOutcome.EMPTY, (), 0, 0, False, "nothing in it does anything")
        said = verdict.diagnostics
        return Compilation(
            outcome=verdict.outcome,
            diagnostics=said,
            functions=len(reading.functions),
            broken=_broken(snippet.program, reading, verdict, compiler),
            content=reading.content,
            detail=one_line(verdict.detail or next((one.message for one in said), "")),
        )


def _broken(program: str, reading: Reading, verdict: CompilerVerdict, compiler: Compiler) -> int:
    """Count the functions with an error in them. All are broken where no error has a place."""
    found = reading.functions
    if verdict.outcome is CompileOutcome.COMPILED:
        return 0
    if verdict.outcome is not CompileOutcome.ERRORS:
        return len(found)
    if compiler.stops_early:  # so each is asked about alone
        lines = program.splitlines(keepends=True)
        alone = ["".join(lines[first - 1 : last]) for first, last in found]
        verdicts = [compiler.check(textwrap.dedent(text)) for text in alone]
        return sum(one.outcome is not CompileOutcome.COMPILED for one in verdicts)
    errors = [one.line for one in verdict.diagnostics if one.severity is Severity.ERROR]
    places = [line for line in errors if line is not None]
    broken = sum(any(first <= at <= last for at in places) for first, last in found)
    return broken or len(found)
