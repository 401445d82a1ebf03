"""Go, by the compiler that `go build` calls, against the export data of the standard library."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whetstone.rewards.compilers.base import (
    CompileLimits,
    Diagnostic,
    Severity,
    ask,
    find,
    version_of,
)
from whetstone.rewards.compilers.oneshot import OneShot
from whetstone.rewards.sandbox.compiled.step import Jailer

# The compiler's own output is text, one error a line, and it has no warnings.
_ERROR = re.compile(r"^(?:\./)?main\.go:(\d+)(?::\d+)?: (.*)$")
_PACKAGES = (
    *("archive/zip", "bufio", "bytes", "cmp", "compress/gzip", "container/heap", "container/list"),
    *("container/ring", "context", "crypto/md5", "crypto/rand", "crypto/sha1", "crypto/sha256"),
    *("encoding/base64", "encoding/binary", "encoding/csv", "encoding/hex", "encoding/json"),
    *("encoding/xml", "errors", "fmt", "hash/fnv", "html", "io", "io/ioutil", "iter", "log"),
    *("maps", "math", "math/big", "math/bits", "math/cmplx", "math/rand", "net", "net/http"),
    *("net/url", "os", "os/exec", "os/signal", "path", "path/filepath", "reflect", "regexp"),
    *("runtime", "slices", "sort", "strconv", "strings", "sync", "sync/atomic", "syscall"),
    *("testing", "text/template", "time", "unicode", "unicode/utf16", "unicode/utf8", "unsafe"),
)


class Go(OneShot):
    """`go tool compile`: it type checks, and reads only what the import list names."""

    file = "main.go"
    reserves = True

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Mapping[str, Any]) -> None:
        super().__init__(jailer, limits)
        del harness  # it is all in the source
        self._go = find("go", "install it: apt install golang-go, or https://go.dev/dl")
        self.version = version_of(self._go)
        self._root = ask(self._go, "env", "GOROOT")
        tools = ask(self._go, "env", "GOTOOLDIR")
        self._base = (f"{tools}/compile", "-p", "main", "-e", "-complete")
        self._rest = ("-o", "main.o", self.file)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """List where the export data of the library lies; Go 1.20 and later build it first."""
        with self._lock:
            if self._temporary is not None:
                return
            temporary = tempfile.TemporaryDirectory(prefix="go-")
            folder = temporary.name
            if self._has_library():
                self.command = (*self._base, *self._rest)
                self.folders = (self._root,)
                self._temporary = temporary
                return
            known = self._ask(folder, "list", "std").split()
            wanted = [name for name in _PACKAGES if name in known]
            form = "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}"
            listed = self._ask(folder, "list", "-export", "-deps", "-f", form, *wanted)
            Path(folder, "importcfg").write_text(listed)
            self.command = (*self._base, "-importcfg", f"{folder}/importcfg", *self._rest)
            self.folders = (folder, self._root)
            self._temporary = temporary

    def _has_library(self) -> bool:
        """Tell whether the library comes compiled, where the compiler looks by itself."""
        machine = f"{ask(self._go, 'env', 'GOOS')}_{ask(self._go, 'env', 'GOARCH')}"
        return Path(self._root, "pkg", machine, "fmt.a").is_file()

    def close(self) -> None:
        """Remove the export data."""
        with self._lock:
            if self._temporary is not None:
                self._temporary.cleanup()
            self._temporary = None

    def _ask(self, folder: str, *arguments: str) -> str:
        environment = os.environ | {
            "GOCACHE": f"{folder}/cache",
            "GOFLAGS": "-mod=mod",
            "GO111MODULE": "off",
            "CGO_ENABLED": "0",
        }
        return subprocess.run(
            [self._go, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def parse(self, output: str) -> Iterator[Diagnostic]:
        """Read lines of `file:line:column: message`; lines that are indented continue one."""
        for line in output.splitlines():
            if match := _ERROR.match(line):
                yield Diagnostic(Severity.ERROR, "", int(match[1]), match[2])
