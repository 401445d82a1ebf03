"""A file of rows typed where a name is wanted: what it is, and where it belongs."""

from pathlib import Path

from whetstone.evaluation.lines import CONVERTED_SUFFIXES, conversion
from whetstone.evaluation.tasks.jsonl import SUFFIX


def why_not_jsonl(value: str) -> str | None:
    """Say that a file is CSV or Parquet, by its name, and how it is converted; else None."""
    path = Path(value)
    return conversion(path) if path.suffix.lower() in CONVERTED_SUFFIXES else None


def rows_no_name(value: str) -> str | None:
    """Say how a file of rows is trained on; None for any other value."""
    path = Path(value)
    if reason := why_not_jsonl(value):
        return f"{reason}; then data=jsonl data.train={path.with_suffix(SUFFIX)} trains on it"
    if path.suffix == SUFFIX:
        return f"this is a file of rows; data=jsonl data.train={value} trains on it"
    return None
