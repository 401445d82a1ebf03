"""Whether a program is installed: it is on the PATH, and it answers for itself.

A name on the PATH may be a stand-in that has nothing to start, as rustup's `rustc` without a
toolchain is.
"""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FLAGS = {"go": "version", "java": "-version", "javac": "-version"}
"""What a tool is asked for its version with, where that is not `--version`."""
_LONGEST = 200


@dataclass(frozen=True)
class ToolReply:
    """What a program said when it was asked for its version."""

    works: bool
    text: str


def why_missing(tool: str) -> str | None:
    """Return why a program cannot be used here; None where it is installed."""
    path = shutil.which(tool)
    if path is None:
        return f"{tool} is not on the PATH"
    answer = asked(path)
    if answer.works:
        return None
    said = (answer.text.splitlines() or ["nothing is said"])[0][:_LONGEST]
    command = f"{tool} {_flag(path)}"
    return f"{tool} is not installed: {path} is there, but `{command}` fails ({said})"


@cache
def asked(path: str) -> ToolReply:
    """Return what the program there says of its version. It is started once for each process."""
    try:
        done = subprocess.run(
            [path, _flag(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:  # a file of another machine, or a script of no shell
        return ToolReply(False, str(error))
    return ToolReply(done.returncode == 0, (done.stdout or done.stderr).strip())


def _flag(path: str) -> str:
    return _FLAGS.get(Path(path).name, "--version")
