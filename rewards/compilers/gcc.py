"""C and C++, by gcc: to the end of type checking, with the harness's headers precompiled."""

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whetstone.rewards.compilers.base import CompileLimits, Diagnostic, Severity, find, version_of
from whetstone.rewards.compilers.language import Values
from whetstone.rewards.compilers.oneshot import OneShot
from whetstone.rewards.sandbox.compiled.step import Jailer, JailError

_FLAGS = ("-fsyntax-only", "-fdiagnostics-format=json", "-fmax-errors=100", "-Wall", "-Wextra")
_SEVERITIES = {
    "error": Severity.ERROR,
    "fatal error": Severity.ERROR,
    "sorry, unimplemented": Severity.ERROR,
    "warning": Severity.WARNING,
}
DEAD = """
    [(preproc_if) (preproc_ifdef) (preproc_include) (preproc_def) (preproc_function_def)
     (preproc_call)] @dead
    ((preproc_ifdef "#ifndef" name: (identifier) @_name
        . (preproc_def name: (identifier) @_defined !value)) @kept (#eq? @_name @_defined))
"""
"""The preprocessor's lines, and what stands below a condition that is no include guard."""
SILENCERS = r"\bGCC(?=\s+(?:diagnostic|system_header)\b)"


class Gcc(OneShot):
    """One of gcc's languages. Its headers are precompiled once, in the same isolation."""

    flags: tuple[str, ...] = ()
    """Of this language alone."""

    def __init__(
        self, jailer: Jailer, limits: CompileLimits, harness: Values, *, tool: str, suffix: str
    ) -> None:
        super().__init__(jailer, limits)
        self._tool = find(tool, f"install it: apt install {tool}, or dnf install gcc-c++")
        self.version = version_of(self._tool).splitlines()[0]
        self.file = f"main.{suffix}"
        self._language = {"c": "c-header", "cpp": "c++-header"}[suffix]
        self._standard = f"-std={harness['standard']}"
        headers = harness.get("headers", [])
        self._text = "".join(f"#include <{header}>\n" for header in headers)
        self._precompile = harness.get("precompiled", True)
        self._lock = threading.Lock()
        self._folder = ""
        self.command = (self._tool, self._standard, *_FLAGS, *self.flags, self.file)

    def prepare(self) -> None:
        """Precompile the headers. Raises `JailError` where that is not possible."""
        with self._lock:
            if self._folder or not self._text:
                return
            folder = tempfile.mkdtemp(prefix="headers-")
            header = Path(folder, "harness.h")
            header.write_text(self._text)
            if self._precompile:
                build = (self._tool, self._standard, "-Wall", "-Wextra", "-x", self._language)
                command = (*build, "-o", "harness.h.gch", "harness.h")
                ended = self.run_own(command, folder)
                if ended.status != 0:
                    shutil.rmtree(folder)
                    raise JailError(f"the headers do not compile: {ended.message[:300]}")
            self.command = (
                *(self._tool, self._standard, *_FLAGS, *self.flags),
                *("-include", str(header), self.file),
            )
            self.folders = (folder,)
            self._folder = folder

    def close(self) -> None:
        """Remove the precompiled headers."""
        with self._lock:
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def parse(self, output: str) -> Iterator[Diagnostic]:
        """Read `-fdiagnostics-format=json`: an array of objects."""
        start = output.find("[")
        if start < 0:
            return
        found, _ = json.JSONDecoder().raw_decode(output[start:])
        for item in found:
            severity = _SEVERITIES.get(item["kind"])
            if severity is not None:
                place = self._line(item.get("locations") or [])
                yield Diagnostic(severity, item.get("option", ""), place, item["message"])

    def _line(self, locations: list[dict[str, Any]]) -> int | None:
        places = [location.get("caret", {}) for location in locations]
        return next((place["line"] for place in places if place.get("file") == self.file), None)
