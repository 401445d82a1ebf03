"""Hands a command over to a checkout of the harness itself, when a variable says so.

Never by itself: figures must not change their origin because a folder happens to exist. The
results say which engine at which commit made them.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from whetstone.evaluation.errors import EvaluationError

VARIABLE = "WHETSTONE_HARNESS_CHECKOUT"


class NoCheckout(EvaluationError):  # noqa: N818 - named as its neighbours in whetstone.evaluation.errors are
    """The variable names a folder that is no checkout of the harness."""


def checkout() -> Path | None:
    """Return the folder that the variable names, if it is set.

    Raises:
        NoCheckout: when it holds no `main.py` and no `bigcode_eval`.

    """
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    folder = Path(value).expanduser().resolve()
    if not ((folder / "main.py").is_file() and (folder / "bigcode_eval").is_dir()):
        raise NoCheckout(
            f"{VARIABLE}={value} holds no main.py and bigcode_eval/: set it to a checkout of "
            "bigcode-evaluation-harness, or unset it"
        )
    return folder


def delegate(folder: Path, arguments: Sequence[str]) -> int:
    """Run upstream's command with these arguments here; return its exit code."""
    command = [sys.executable, str(folder / "main.py"), *arguments]
    code = subprocess.run(command, check=False).returncode
    results = _results_path(arguments)
    if code == 0 and results.is_file():
        content = json.loads(results.read_text(encoding="utf-8"))
        content["config"]["engine"] = {
            "name": "bigcode-evaluation-harness",
            "commit": _commit(folder),
        }
        results.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return code


def _results_path(arguments: Sequence[str]) -> Path:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--metric_output_path", default="evaluation_results.json")
    return Path(parser.parse_known_args(arguments)[0].metric_output_path)


def _commit(folder: Path) -> str | None:
    """Return the checkout's commit, `-dirty` where it was changed; None where git knows none."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    done = subprocess.run([*command, "--exclude=*"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
