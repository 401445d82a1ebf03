"""Runs commands of ours, each in a process forked from one that has imported what they share.

What the Hub's client takes from the environment it takes when it is imported, so every command
needs a process of its own; all else that a command imports is imported once.
"""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

SHARED = (
    "whetstone.finetuning.cli",
    "whetstone.finetuning.commands.publish",
    "whetstone.finetuning.report.outcome",
    "detect_secrets.core.scan",
)


class Forked:
    """The process that is forked from. Whoever opens this closes it."""

    def __init__(self, root: Path) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: list[str], environment: dict[str, str], folder: Path):
        """Run `whetstone ...` to its end; return the exit code, what it said and complained of."""
        files = [folder / f"{name}.txt" for name in ("out", "err")]
        request = {"arguments": arguments, "env": environment, "files": [str(f) for f in files]}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return code, *(file.read_text() for file in files)

    def close(self) -> None:
        self._server.stdin.close()
        self._server.wait(timeout=30)


def _serve() -> None:
    for name in SHARED:
        __import__(name)
    assert "huggingface_hub" not in sys.modules
    for line in sys.stdin:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            _become(request)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request) -> None:
    """Be the command; never returns."""
    for descriptor, path in zip((1, 2), request["files"], strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.clear()
    os.environ.update(request["env"])
    from whetstone.finetuning.cli import main

    code = 1
    try:
        main(request["arguments"])
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - as Python itself ends: with what went wrong on the screen
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
