"""Go, by the compiler that `go build` calls, against the export data of the standard library."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from whetstone.rewards.compilers.base import (
    CompileLimits,
    CompilerVerdict,
    Diagnostic,
    Severity,
    ask,
    find,
    version_of,
)
from whetstone.rewards.compilers.language import CodeExample, Language, Values
from whetstone.rewards.compilers.oneshot import OneShot
from whetstone.rewards.compilers.program import Program
from whetstone.rewards.sandbox.compiled.step import Jailer

# The compiler's own output is text, one error a line, and it has no warnings.
_ERROR = re.compile(r"^(?:\./)?main\.go:(\d+)(?::\d+)?: (.*)$")
_NEEDLESS = re.compile(
    r'imported and not used: "([^"]+)"|"([^"]+)" imported and not used'
    r'|already declared through import of package \w+ \("([^"]+)"\)'
)
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


class GoCompiler(OneShot):
    """`go tool compile`: it type checks, and reads only what the import list names."""

    file = "main.go"
    reserves = True

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
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

    def check(self, source: str) -> CompilerVerdict:
        """Compile a source, and again without the imports of the harness that it did not need.

        Only Go refuses them, and only its compiler knows whether `list.x` is a package or a
        variable. What a program imports itself stays refused.
        """
        verdict = super().check(source)
        found = [_NEEDLESS.search(one.message) for one in verdict.diagnostics]
        lean = source
        for path in {match[match.lastindex or 0] for match in found if match}:
            lean = lean.replace(_import(path), "")
        return verdict if lean == source else super().check(lean)

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


_PACKAGE = "(package_clause (package_identifier) @package) @clause"
_USED = """[
    (selector_expression operand: (identifier) @name)
    (qualified_type package: (package_identifier) @name)
]"""
_NAMED, _UNNAMED = "(import_spec name: (_) @name)", "(import_spec !name path: (_) @path)"
_MAIN = '((function_declaration name: (identifier) @main) (#eq? @main "main"))'


def _complete(program: Program, values: Values) -> str:
    """Import the packages that occur as `NAME.`, and add a package and its `main`."""
    if not values["imports"]:
        return program.text
    missing = {program.of(node) for node in program.find(_USED, "name")}
    missing -= {program.of(node) for node in program.find(_NAMED, "name")}
    for node in program.find(_UNNAMED, "path"):
        missing.discard(program.of(node).strip('"`').rpartition("/")[2])
    paths = [path for name, path in values["imports"].items() if path and name in missing]
    imports = "".join(map(_import, paths))
    clauses = program.find(_PACKAGE, "clause")
    if not clauses:
        return f"package snippet;{imports} {program.text}"
    before, rest = program.cut(clauses[0].end_byte)
    is_main = program.of(program.find(_PACKAGE, "package")[0]) == "main"
    end = "\nfunc main() {}\n" if is_main and not program.find(_MAIN, "main") else ""
    return f"{before};{imports}{rest.removeprefix(';')}{end}"


def _import(path: str) -> str:
    return f' import /* of the harness */ "{path}";'


GO = Language(
    compiler=GoCompiler,
    grammar="tree_sitter_go",
    functions="""[
        (function_declaration body: (block)) (method_declaration body: (block)) (func_literal)
    ] @function""",
    example=CodeExample(
        "func answer(n int) int {", "return n + 1 }", "return n + m }", "return 0; }"
    ),
    complete=_complete,
)
