"""A data set on the disk: two files of rows, statistics, and a card that the Hub understands.

`datasets.load_dataset(folder)` reads it: the card names the files of each split.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from whetstone.finetuning.formats.read import TRAIN, VALIDATION

Row = dict[str, Any]
Statistics = dict[str, Any]

CARD = "README.md"
STATISTICS = "statistics.json"

_ABOUT = {
    "base": "Completions that a model sampled, each once, with the sandbox's verdict.",
    "dpo": "Pairs: two completions of a prompt, the chosen one with more reward.",
    "kto": "Completions, and whether their reward reaches a threshold.",
    "sft": "Completions with enough reward to be imitated.",
}


@dataclass(frozen=True)
class Collected:
    """What a stage collected."""

    kind: str
    rows: list[Row]
    validation_share: float
    origin: Mapping[str, str]
    """Where it comes from, for the card: model, base, reward."""
    found: Mapping[str, int]
    """Numbers of what was looked at: prompts, judged completions."""


def write_dataset(folder: Path, collected: Collected) -> None:
    """Write the folder; complete or not there at all, also when killed midway."""
    rows = _distinct(collected.rows)
    held_out = [row for row in rows if _fraction(row["prompt"]) < collected.validation_share]
    train = [row for row in rows if _fraction(row["prompt"]) >= collected.validation_share]
    if not train:
        train, held_out = held_out, []
    files = {TRAIN: train, **({VALIDATION: held_out} if held_out else {})}
    statistics = {
        **collected.found,
        "duplicates": len(collected.rows) - len(rows),
        **{name.removesuffix(".jsonl"): _statistics(part) for name, part in files.items()},
    }
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    for name, part in files.items():
        text = "".join(json.dumps(row) + "\n" for row in part)
        (partial / name).write_text(text, encoding="utf-8")
    (partial / STATISTICS).write_text(json.dumps(statistics, indent=2) + "\n", encoding="utf-8")
    (partial / CARD).write_text(_card(collected, files, statistics), encoding="utf-8")
    partial.rename(folder)


def _distinct(rows: list[Row]) -> list[Row]:
    """Leave out rows that say the same again; of a base row, how often it was drawn adds up."""
    found: dict[str, Row] = {}
    for row in rows:
        key = json.dumps({**row, "times": None}, sort_keys=True)
        if key in found and "times" in row:
            found[key] = {**row, "times": found[key]["times"] + row["times"]}
        found.setdefault(key, row)
    return list(found.values())


def _fraction(prompt: str) -> float:
    """Return a number in [0, 1) from the prompt alone: all data sets split it the same way."""
    digest = hashlib.sha256(f"split/{prompt}".encode("utf-8", "surrogatepass")).digest()
    return float(int.from_bytes(digest[:6]) / 2**48)


def _statistics(rows: list[Row]) -> Statistics:
    texts = [str(row.get("completion", row.get("chosen"))) for row in rows]
    statistics: Statistics = {
        "rows": len(rows),
        "prompts": len({row["prompt"] for row in rows}),
        "mean_characters": round(mean(len(text) for text in texts), 1),
    }
    for name in ("margin", "score"):
        if name in rows[0]:
            statistics[f"mean_{name}"] = round(mean(row[name] for row in rows), 4)
    for name in ("verdict", "label"):
        if name in rows[0]:
            counted = Counter(str(row[name]).lower() for row in rows)
            statistics[f"{name}s"] = dict(sorted(counted.items()))
    return statistics


def _card(collected: Collected, files: Mapping[str, list[Row]], statistics: Statistics) -> str:
    splits = [{"split": name.removesuffix(".jsonl"), "path": name} for name in files]
    head = {
        "configs": [{"config_name": "default", "data_files": splits}],
        "tags": ["whetstone", "code", collected.kind],
    }
    fields = "\n".join(
        f"| `{name}` | {type(value).__name__} |" for name, value in files[TRAIN][0].items()
    )
    origin = "\n".join(f"- {name}: {value}" for name, value in collected.origin.items())
    told = json.dumps(statistics, indent=2)
    return (
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n"
        f"# {_ABOUT[collected.kind]}\n\nMade by `whetstone collect`.\n\n{origin}\n\n"
        f"## Fields\n\n| field | type |\n|---|---|\n{fields}\n\n"
        f"## Statistics\n\nNo prompt is in both splits.\n\n```json\n{told}\n```\n"
    )
