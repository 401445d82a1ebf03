"""What of a data set goes up: its rows, their statistics, and the card that was written with them.

`datasets.load_dataset` reads the card's list of files, so a data set without one is refused.
"""

import re
from pathlib import Path

import yaml

from whetstone.finetuning.config.schema.commands import PublishDatasetSettings
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.publish.parts import CARD, Part, Upload, files_of, text_part

_ROWS = "*.jsonl"
_STATISTICS = "statistics.json"
_PLACE = re.compile(r"^(- [\w ]+: )(?:~|/)\S*?([^/\s]+)$", re.MULTILINE)
"""A line of the card's origin that names a folder of this machine."""


def dataset_upload(settings: PublishDatasetSettings) -> Upload:
    """Return what `whetstone publish dataset` sends. Raises ConfigError where there is none."""
    folder = settings.folder
    rows = tuple(files_of(folder, [_ROWS])) if folder.is_dir() else ()
    card = folder / CARD
    if not rows or not card.is_file():
        raise ConfigError([Problem(f"folder={folder}", _why_not(folder, rows))])
    text = _PLACE.sub(r"\1\2", card.read_text(encoding="utf-8"))
    head = text.split("---\n", 2)
    if not text.startswith("---\n") or len(head) < 3 or "configs" not in yaml.safe_load(head[1]):  # noqa: PLR2004
        remedy = f"{CARD} does not name the files of each split (`configs`), as collect writes it"
        raise ConfigError([Problem(f"folder={folder}", remedy)])
    if settings.license:
        text = f"---\nlicense: {settings.license}\n{head[1]}---\n{head[2]}"
    return Upload(
        repo=settings.repo,
        kind="dataset",
        private=settings.private,
        message=f"{len(rows)} splits, collected by Whetstone",
        parts=(text_part(CARD, text), *rows, *files_of(folder, [_STATISTICS])),
        notes=() if settings.license else ("The card states no licence; license=NAME does.",),
    )


def _why_not(folder: Path, rows: tuple[Part, ...]) -> str:
    if not folder.is_dir():
        return "there is no such folder"
    for inside in ("dataset", "datasets"):
        if (folder / inside / CARD).is_file():
            return f"this is the folder of a run; its data set is folder={folder / inside}"
    if not rows:
        return "there are no rows in it (train.jsonl)"
    return f"it has no card ({CARD}); `whetstone collect` writes rows with theirs"
