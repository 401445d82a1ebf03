"""What was found of problems, a line each, which the next run of the same command reads."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whetstone.evaluation.files import write_atomically


def known_findings(path: Path, how: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what was found earlier in the same way; a line cut short says nothing."""
    if not path.is_file():
        return
    *lines, cut = path.read_text(encoding="utf-8").split("\n")
    if cut:  # what is written next must not be taken for its end
        write_atomically(path, "".join(f"{line}\n" for line in lines).encode())
    for line in lines:
        row = json.loads(line)
        if row.pop("how") == how:
            yield row


def as_line(row: Mapping[str, Any]) -> str:
    """Return a row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False) + "\n"
