"""Rows out of files: the user's JSONL, folders and texts, data sets of the Hub, our prompts."""

from pathlib import Path
from typing import Any

import httpx2
from datasets import load_dataset
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from whetstone.finetuning.config.schema import HubData, JsonlData, PromptsData, TextData
from whetstone.finetuning.data.conversations import turns
from whetstone.finetuning.errors import ConfigError, OutsideError, Problem
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import (
    VALIDATION,
    Imports,
    check_rows,
    hold_out,
    matches,
    read_rows,
)

Row = dict[str, Any]
Rows = tuple[list[Row], list[Row]]
"""Rows to train on, and rows that are only measured."""

_PROMPTS = Path(__file__).parent / "prompts" / "train.jsonl"


def jsonl_rows(config: JsonlData, need: Need, *, imports: Imports = None) -> Rows:
    """Read a file or a collected folder; the validation file, where there is one, is held out."""
    rows = read_rows(config.train, need, imports=imports)
    if need is Need.PROMPTS:
        return [{**row, "stop": config.stop} for row in rows], []
    validation = config.validation or config.train / VALIDATION
    if validation.is_file():
        held_out = read_rows(validation, need)[: config.held_out]
    else:
        rows, held_out = hold_out(rows, config.held_out)
    return _spread(rows), _spread(held_out)


def prompt_rows(config: PromptsData) -> Rows:
    """Read our own prompts; those of `evaluation.jsonl` beside them are never trained on."""
    rows = read_rows(_PROMPTS, Need.PROMPTS)
    chosen = [row for row in rows if row["language"] in config.languages]
    return [{**row, "stop": config.stop} for row in chosen], []


def text_rows(config: TextData) -> Rows:
    """Read text files, a document each."""
    paths = sorted(path for path in matches(config.train) if path.is_file())
    rows = [{"text": text} for path in paths if (text := _text(path, config.train)).strip()]
    if not rows:
        raise ConfigError([Problem(f"data.train={config.train}", "there is no file with text")])
    return hold_out(rows, config.held_out)


def _text(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        remedy = f"{path} is not UTF-8; save it so, or leave it out by a pattern (src/**/*.py)"
        raise ConfigError([Problem(f"data.train={setting}", remedy)]) from error


def hub_rows(config: HubData, need: Need, *, imports: Imports = None) -> Rows:
    """Load splits of a data set from the Hub or its cache.

    Raises:
        ConfigError: there is no such data set or split, or its rows are bad.
        OutsideError: the Hub cannot be reached.

    """
    rows = _split(config, config.train_split, need, imports=imports)
    if need is Need.PROMPTS:
        return rows, []
    if config.validation_split is None:
        rows, held_out = hold_out(rows, config.held_out)
    else:
        held_out = _split(config, config.validation_split, need)
    return _spread(rows), _spread(held_out[: config.held_out])


def _split(config: HubData, split: str, need: Need, *, imports: Imports = None) -> list[Row]:
    source = f"{config.path}[{split}]"
    try:
        loaded = load_dataset(config.path, config.subset, split=split, revision=config.revision)
        named = loaded.rename_columns(dict(config.rename))
    except (DatasetNotFoundError, DatasetGenerationError, ValueError) as error:
        text = " ".join(str(error).split())
        raise ConfigError([Problem(f"data.path={config.path}", text)]) from error
    except (ConnectionError, OfflineModeIsEnabled, HfHubHTTPError, httpx2.HTTPError) as error:
        raise OutsideError(
            f"data.path={config.path}: not in the local cache, and the Hub cannot be reached "
            f"({type(error).__name__}). Go online, or copy its rows here and use data=jsonl."
        ) from error
    places = ((f"{source}:{number}", row) for number, row in enumerate(named, start=1))
    return check_rows(source, places, need, imports=imports)


def _spread(rows: list[Row]) -> list[Row]:
    return [turn for row in rows for turn in turns(row)]
