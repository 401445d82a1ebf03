"""Rust, by rustc: to its metadata, past borrow checking and before any code is generated."""

import json
from collections.abc import Iterator

from whetstone.rewards.compilers.base import (
    CompileLimits,
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

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}
_OF_A_SNIPPET = frozenset({"dead_code", "unused_imports", "unused_macros"})
"""Warnings that every snippet without a caller earns."""
_DEAD = """
    ((attribute_item (attribute . (identifier) @_is)) @dead . (attribute_item)* . (_) @dead
        (#any-of? @_is "cfg" "test" "bench"))
    ((_ (inner_attribute_item (attribute . (identifier) @_is))) @dead (#eq? @_is "cfg"))
"""


class RustCompiler(OneShot):
    """rustc, past rustup's shim, which would want its home folder."""

    file = "main.rs"

    def __init__(self, jailer: Jailer, limits: CompileLimits, harness: Values) -> None:
        super().__init__(jailer, limits)
        shim = find("rustc", "install it: https://rustup.rs, or apt install rustc")
        root = ask(shim, "--print", "sysroot")
        self.version = version_of(shim)
        self.folders = (root,)
        self.command = (
            *(f"{root}/bin/rustc", "--crate-type", "lib", "--crate-name", "snippet"),
            *("--edition", str(harness["edition"]), "--emit=metadata", "--error-format=json"),
            # A snippet cannot wish its warnings away.
            *("--force-warn", "unused", "--force-warn", "nonstandard-style"),
            *("-o", "main.rmeta", self.file),
        )

    def close(self) -> None:
        """Nothing stays."""

    def parse(self, output: str) -> Iterator[Diagnostic]:
        """Read `--error-format=json`: an object a line."""
        for line in output.splitlines():
            if not line.startswith("{"):
                continue
            item = json.loads(line)
            severity = _SEVERITIES.get(item.get("level", ""))
            code = (item.get("code") or {}).get("code", "")
            if severity is None or code in _OF_A_SNIPPET or item["message"].startswith("aborting"):
                continue
            spans = item.get("spans") or []
            places = [span["line_start"] for span in spans if span["is_primary"]]
            if severity is Severity.ERROR or places:  # the rest is a count of warnings
                yield Diagnostic(severity, code, next(iter(places), None), item["message"])


def _complete(program: Program, values: Values) -> str:
    if not values["uses"]:
        return program.text
    uses = " ".join(f"pub use {path};" for path in values["uses"])
    return (
        f"{program.text}\n#[allow(warnings)] mod __harness {{ {uses} }}\n"
        "#[allow(unused_imports)] use __harness::*;\n"
    )


RUST = Language(
    compiler=RustCompiler,
    grammar="tree_sitter_rust",
    functions="(function_item) @function",
    example=CodeExample("fn answer(n: i32) -> i32 {", "n + 1 }", "n + m }", "return 0; }"),
    dead=_DEAD,
    complete=_complete,
)
