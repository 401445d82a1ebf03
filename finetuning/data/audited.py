"""Rows without those that an audit has quarantined."""

import json
import logging
from pathlib import Path
from typing import Any

from whetstone.evaluation.audit.problem import key_of_row
from whetstone.evaluation.audit.verdict import Action
from whetstone.finetuning.errors import ConfigError, Problem

VERDICTS = "audit.jsonl"
"""A line for each problem of an audit: what to do with it, and why."""

_LOG = logging.getLogger(__name__)
Row = dict[str, Any]


def without_quarantined(rows: list[Row], folder: Path) -> list[Row]:
    """Return the rows that an audit keeps, and say how many it does not.

    Of rows that ask the same each has the verdict of its place among them.

    Raises:
        ConfigError: The folder holds no audit, one of other rows, or one that leaves none.

    """
    verdicts = _verdicts(folder)
    kept, unknown = [], 0
    for row in rows:
        actions = verdicts.get(key_of_row(row), [])
        action = actions.pop(0) if len(actions) > 1 else actions[0] if actions else None
        unknown += action is None
        if action != Action.QUARANTINE:
            kept.append(row)
    if unknown == len(rows):
        raise _wrong(folder, "it is an audit of other rows; run whetstone audit on these")
    if not kept:
        raise _wrong(folder, "it quarantines every row, so that nothing is left to train on")
    _LOG.warning("data.audit: %d of %d problems are left out", len(rows) - len(kept), len(rows))
    if unknown:
        _LOG.warning("data.audit: %d problems were not audited, and are kept", unknown)
    return kept


def _verdicts(folder: Path) -> dict[str, list[str]]:
    path = folder / VERDICTS
    if not path.is_file():
        raise _wrong(folder, f"there is no {VERDICTS}; whetstone audit data=... writes it")
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        verdict = json.loads(line)
        found.setdefault(verdict["key"], []).append(verdict["action"])
    return found


def _wrong(folder: Path, remedy: str) -> ConfigError:
    return ConfigError([Problem(f"data.audit={folder}", remedy)])
