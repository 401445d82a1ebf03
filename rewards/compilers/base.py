"""What every compiler says: a closed set of outcomes, and diagnostics in one form."""

import shutil
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from whetstone.rewards.installed import asked, why_missing


class CompileOutcome(StrEnum):
    """How the compilation of one snippet ended."""

    COMPILED = "compiled"
    """Without an error; there may be warnings."""

    ERRORS = "errors"
    """The compiler found errors."""

    EMPTY = "empty"
    """There is nothing to compile: no code, the prompt again, or bodies that do nothing."""

    LIMIT = "limit"
    """It took the compiler more time, memory or stack than it was given, or crashed it."""

    INFRA_ERROR = "infra_error"
    """The machine failed, not the snippet: this says nothing about it."""


class Severity(StrEnum):
    """How bad a diagnostic is; notes and hints are left out."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic:
    """One thing that a compiler has to say."""

    severity: Severity
    code: str
    """The compiler's own name for it (`E0425`, `-Wunused-variable`, `TS2304`), or empty."""
    line: int | None
    """Line of the program, from 1; None where it has no place there."""
    message: str


@dataclass(frozen=True)
class CompilerVerdict:
    """What a compiler said of one source file."""

    outcome: CompileOutcome
    diagnostics: tuple[Diagnostic, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class Compilation:
    """What is known about one snippet.

    `functions` are those with a body that were found in the program, `broken` those of them with an
    error. `content` tells whether there is anything in the snippet that does something; one without
    can still have errors, but never has compiled.
    """

    outcome: CompileOutcome
    diagnostics: tuple[Diagnostic, ...]
    functions: int
    broken: int
    content: bool
    detail: str

    def count(self, severity: Severity) -> int:
        """Return the number of diagnostics of a severity."""
        return sum(diagnostic.severity is severity for diagnostic in self.diagnostics)


@dataclass(frozen=True)
class CompileLimits:
    """What the compilation of one snippet may use: processor seconds, and megabytes."""

    cpu_s: float
    memory_mb: int


class MissingCompilerError(ValueError):
    """A compiler is not installed here; the message says how to get it."""


class Compiler(ABC):
    """Checks source files of one language; every method may be called from any thread."""

    version: str
    """The compiler's own words about itself."""
    stops_early = False
    """It says no more than the first error of a file."""

    @abstractmethod
    def check(self, source: str) -> CompilerVerdict:
        """Compile a source file as far as its errors are known, and no further."""

    @abstractmethod
    def close(self) -> None:
        """End processes and remove files. It may be asked again, and starts anew."""


def find(tool: str, remedy: str) -> str:
    """Return the path of a program. Raises `MissingCompilerError`, which names the remedy."""
    path, reason = shutil.which(tool), why_missing(tool)
    if path is None or reason is not None:
        raise MissingCompilerError(f"{reason}; {remedy}")
    return path


def version_of(path: str) -> str:
    """Return what a program that was found says of its version."""
    return asked(path).text


def ask(*command: str) -> str:
    """Return what a trusted tool prints about itself, in one line."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout or done.stderr).strip()


def home_of(tool: str) -> str:
    """Return the folder that holds a tool's `bin`, behind every link."""
    return str(Path(tool).resolve().parents[1])
