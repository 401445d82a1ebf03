"""TypeScript from 7 on, a native program without an API: started for each file.

Its `--pretty false` is one diagnostic a line, which is all the machine-readable output it has.
"""

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from whetstone.rewards.compilers.base import (
    CompileLimits,
    CompilerVerdict,
    Diagnostic,
    Severity,
    home_of,
)
from whetstone.rewards.compilers.imported_types import allow_imported_types
from whetstone.rewards.compilers.language import Values
from whetstone.rewards.compilers.oneshot import OneShot
from whetstone.rewards.sandbox.compiled.step import Jailer, JailError

_OWN = ("--noEmit", "--pretty", "false", "--types", "", "--skipLibCheck", "--singleThreaded")
_LINE = re.compile(r"(?:([^\s(]+)\((\d+),\d+\): )?(error|warning) (TS\d+): (.*)")


class NativeTypeScript(OneShot):
    """The program itself, past the script on the PATH that starts it."""

    file = "snippet.ts"
    reserves = True  # it is written in Go

    def __init__(
        self,
        jailer: Jailer,
        limits: CompileLimits,
        harness: Values,
        program: Path,
        version: str,
    ) -> None:
        super().__init__(jailer, limits)
        self.version = version
        self._ambient = harness["ambient"]
        self._command = (str(program), *_OWN, *_flags(harness["options"]))
        self._folders = (str(program.parent),)  # the library's declarations lie beside it
        self._lock = threading.Lock()
        self._folder = ""

    def check(self, source: str) -> CompilerVerdict:
        """Compile a source, whose modules are not there."""
        return allow_imported_types(super().check(source), source)

    def prepare(self) -> None:
        """Write what every snippet may take for granted, and see that it compiles by itself.

        Raises `JailError` where it does not, or where an option of the harness is unknown.
        """
        with self._lock:
            if self._folder:
                return
            folder = tempfile.mkdtemp(prefix="ambient-")
            ambient = Path(folder, "ambient.d.ts")
            ambient.write_text(self._ambient, encoding="utf-8")
            self.folders = (*self._folders, folder)
            ended = self.run_own((*self._command, str(ambient)), folder)
            if ended.status != 0:
                shutil.rmtree(folder)
                said = ended.message[:300].strip()
                raise JailError(f"{self.version} refuses the harness: {said}")
            self.command = (*self._command, str(ambient), self.file)
            self._folder = folder

    def close(self) -> None:
        """Remove that file."""
        with self._lock:
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def parse(self, output: str) -> Iterator[Diagnostic]:
        """Read `file(line,column): error TS1: message`; lines that are indented continue one."""
        for line in output.splitlines():
            if match := _LINE.fullmatch(line):
                file, number, severity, code, message = match.groups()
                place = int(number) if file == self.file else None
                yield Diagnostic(Severity(severity), code, place, message)


def native_program(tsc: str) -> Path | None:
    """Return the program that a `tsc` on the PATH starts; None where there is none."""
    home = Path(home_of(tsc))
    places = home.parent, home / "node_modules"  # npm puts it beside the package, or into it
    found = (place.glob("@typescript/typescript-*/lib/tsc") for place in places)
    return next(chain.from_iterable(found), None)


def _flags(options: Mapping[str, Any]) -> Iterator[str]:
    """Return options of a tsconfig.json as those of the command line."""
    for name, value in options.items():
        listed = value if isinstance(value, list) else [value]
        yield from (f"--{name}", ",".join(str(one) for one in listed).lower())
