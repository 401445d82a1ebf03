"""TypeScript, by its own compiler in a Node that stays: types are checked, nothing is emitted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rewards.compilers.base import Limits, MissingCompilerError, ask, find, home_of
from rewards.compilers.javascript import FLAGS, REMEDY, server
from rewards.compilers.resident.pool import Resident
from rewards.sandbox.compiled.step import Jailer

_REMEDY = "install it: npm install -g typescript@5, or apt install node-typescript"


class TypeScript(Resident):
    """The compiler's API, from beside the `tsc` on the PATH."""

    probe = "function f(x: number): number { return x; }"

    def __init__(self, jailer: Jailer, limits: Limits, harness: Mapping[str, Any]) -> None:
        super().__init__(jailer, limits)
        node = find("node", REMEDY)
        tsc = find("tsc", _REMEDY)
        self.version = f"TypeScript {ask(tsc, '--version').removeprefix('Version ')}"
        library = Path(home_of(tsc), "lib", "typescript.js")
        if not library.is_file():  # 7 is a native program, and has no API
            raise MissingCompilerError(f"{self.version} has no {library.name}; {_REMEDY}")
        self.folders = (home_of(node), home_of(tsc))
        settings = json.dumps({key: harness[key] for key in ("options", "ambient")})
        heap = f"--max-old-space-size={limits.memory_mb}"
        self.command = (node, heap, *FLAGS, "server.js", str(library), settings)
        self.files = {"server.js": server("typescript.js")}
