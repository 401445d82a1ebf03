"""A user's own rows. Every bad one is reported with file, line and field, before anything loads."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetuning.errors import ConfigError, Problem

# Field -> (type, required), for each need. Other fields are passed on to the rewards as columns.
_FIELDS: dict[str, dict[str, tuple[type, bool]]] = {
    "prompts": {
        "prompt": (str, True),
        "tests": (str, False),
        "prefix": (str, False),
        "entry_points": (list, False),
    },
    "completions": {"prompt": (str, True), "completion": (str, True)},
}
_MOST_SHOWN = 20


def read_rows(path: Path, need: str, *, needs_tests: bool) -> list[dict[str, Any]]:
    """Read a JSONL file. Raises ConfigError that lists the bad rows, all at once."""
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    columns: set[str] | None = None
    # Lines end with "\n" and nothing else: JSON may hold other separators within a string.
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not text.strip():
            continue
        row, reasons = _read(text, need, needs_tests=needs_tests)
        if row is not None and not reasons:
            columns = columns or set(row)
            if set(row) != columns:
                odd = ", ".join(sorted(set(row) ^ columns))
                reasons = [f"field {odd}: in some rows only; every row needs the same fields"]
        problems += [Problem(f"{path}:{number}", reason) for reason in reasons]
        if row is not None and not reasons:
            rows.append(row)
    if problems:
        hidden = len(problems) - _MOST_SHOWN
        more = [Problem(str(path), f"and {hidden} more")] if hidden > 0 else []
        raise ConfigError([*problems[:_MOST_SHOWN], *more])
    if not rows:
        raise ConfigError([Problem(f"data.train={path}", "the file has no rows")])
    return rows


def _read(text: str, need: str, *, needs_tests: bool) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        return None, [f"not JSON: {error.msg} at column {error.colno}"]
    if not isinstance(row, dict):
        return None, [f"expected an object, found {type(row).__name__}"]
    return row, [*_wrong_fields(row, need), *(_wrong_tests(row) if needs_tests else ())]


def _wrong_tests(row: dict[str, Any]) -> Iterator[str]:
    tests = row.get("tests")
    if not isinstance(tests, str) or not tests.strip():
        yield "field tests: missing; reward=execution runs them"
        return
    try:
        ast.parse(tests)
    except SyntaxError as error:
        yield f"field tests: not Python: {error.msg} (line {error.lineno})"


def _wrong_fields(row: dict[str, Any], need: str) -> Iterator[str]:
    for field, (kind, required) in _FIELDS[need].items():
        if field not in row:
            if required:
                yield f"field {field}: missing (found: {', '.join(sorted(row))})"
        elif not isinstance(row[field], kind):
            yield f"field {field}: expected {kind.__name__}, found {type(row[field]).__name__}"
