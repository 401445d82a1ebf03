"""How clean a program reads, by ruff's rules: a number between 0 and 1.

Counts findings and nothing else. A density per line would pay for padding, and `noqa` comments are
ignored, or they would be the first thing that a policy learns. Ruff runs as a process of its own:
it parses what strangers wrote, and a source that is built to overflow its stack ends that process
only.
"""

import json
import shutil
import subprocess
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from whetstone.rewards.extras import not_installed

_RULES = "E,F,W,B,C4,C90,PERF,PIE,RET,SIM,UP"
# A program is cut out of a longer text: how it begins and ends is not its own doing.
_NOT_ITS_FAULT = "E501,W291,W292,W293"
_TIMEOUT_S = 20.0
_MAX_CHARACTERS = 1 << 16
_FOUND_NOTHING, _FOUND_SOMETHING = 0, 1


def find_ruff() -> str:
    """Return the path of ruff's program. Raises `ValueError` where it is not installed."""
    found = shutil.which("ruff", path=sysconfig.get_path("scripts")) or shutil.which("ruff")
    if found is None:
        raise ValueError(f"quality_bonus: {not_installed('ruff', 'quality')}, or set it to 0")
    return found


def qualities(programs: Sequence[str], ruff: str) -> list[float]:
    """Return 1 / (1 + findings) for each program; 0.0 for one that ruff cannot read.

    Args:
        programs: Python sources; all are checked by one process.
        ruff: Path of ruff's program.

    """
    findings = _findings(programs, ruff)
    if findings is None:  # one of them broke ruff: find out which, at a process for each
        singles = [_findings([program], ruff) for program in programs]
        return [0.0 if single is None else _score(single[0]) for single in singles]
    return [_score(count) for count in findings]


def _score(findings: float) -> float:
    return 1 / (1 + findings)


def _findings(programs: Sequence[str], ruff: str) -> list[float] | None:
    """Count the findings in each program; infinite where it is too long to look at."""
    with tempfile.TemporaryDirectory(prefix="whetstone-quality-") as folder:
        for index, program in enumerate(programs):
            if len(program) <= _MAX_CHARACTERS:
                Path(folder, f"{index}.py").write_text(program, "utf-8", "surrogateescape")
        command = [ruff, "check", "--isolated", "--no-cache", "--ignore-noqa", "--quiet"]
        rules = ["--select", _RULES, "--ignore", _NOT_ITS_FAULT]
        try:
            done = subprocess.run(
                [*command, *rules, "--output-format=json", folder],
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired:
            return None
    if done.returncode not in {_FOUND_NOTHING, _FOUND_SOMETHING}:
        return None
    counts = Counter(int(Path(found["filename"]).stem) for found in json.loads(done.stdout))
    return [
        counts[index] if len(program) <= _MAX_CHARACTERS else float("inf")
        for index, program in enumerate(programs)
    ]
