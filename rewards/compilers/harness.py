"""What stands around a snippet: the values that each language's `complete` takes for granted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from whetstone.rewards.compilers.language import Values
from whetstone.rewards.compilers.table import LANGUAGES

STANDARD, NONE = "standard", "none"
_FILE = Path(__file__).with_name("harness.yaml")
_ADDED = frozenset({"headers", "using", "uses", "imports", "ambient"})
"""Keys of what is put around a program; the others say how it is compiled."""


def load(harness: str) -> Mapping[str, Values]:
    """Read a harness: `standard`, `none` (snippets stand for themselves) or a file.

    Raises `ValueError` where there is no such file, or it has more than languages.
    """
    standard: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text())
    standard = {name: standard.get(name, {}) for name in LANGUAGES}
    if harness == STANDARD:
        return standard
    if harness == NONE:
        return {name: _bare(values) for name, values in standard.items()}
    path = Path(harness).expanduser()
    if not path.is_file():
        raise ValueError(f"harness={harness}: write {STANDARD}, {NONE}, or a file that exists")
    own = yaml.safe_load(path.read_text())
    unknown = own.keys() - standard.keys() if isinstance(own, dict) else {"no mapping"}
    if unknown:
        raise ValueError(f"harness={harness}: it has {sorted(unknown)}, and not only languages")
    return {name: {**values, **(own.get(name) or {})} for name, values in standard.items()}


def _bare(values: Values) -> Values:
    return {name: type(value)() if name in _ADDED else value for name, value in values.items()}
