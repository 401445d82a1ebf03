"""What the files of a model's folder say about it, read without torch and without its weights.

`why_broken` is the one rule for what is a whole model, whichever command is given the folder.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

CONFIG = "config.json"
_INDEX = "model.safetensors.index.json"
_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "spiece.model",
    "vocab.json",
    "vocab.txt",
)
"""One of them is in every folder with a tokenizer."""
_KINDS = ("model_type", "auto_map")
"""Where a config.json names the model's class: one of the library, or one that comes with it."""
_POSITIONS = ("max_position_embeddings", "n_positions", "n_ctx")
"""What architectures call the longest text that they were made for."""


def settings_of(folder: Path) -> dict[str, Any]:
    """Return what config.json says; nothing where there is none to read."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def files_of(place: Path) -> list[Path]:
    """Return the files of a model that is here: those of its folder, or the GGUF file itself."""
    if place.is_file():
        return [place]
    return sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else []


def why_broken(folder: Path) -> str | None:
    """Return why nothing can be loaded from here: a file is missing, cut off or of another kind."""
    return next(_faults(folder), None)


def _faults(folder: Path) -> Iterator[str]:
    """Yield what is wrong, the worst first; what follows may only be looked at when it is right."""
    remedy = "copy or download it again"
    if not (folder / CONFIG).is_file():
        yield f"this folder has no {CONFIG}, so it is no model"
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        yield f"{folder} has no tokenizer ({_TOKENIZERS[0]}); save the model's own beside it"
    for name in (CONFIG, "tokenizer_config.json", _INDEX):
        path = folder / name
        if path.is_file() and not _is_object(path):
            yield f"{path} is no JSON object; {remedy}"
    if not any(kind in settings_of(folder) for kind in _KINDS):
        yield f"{folder / CONFIG} names no model_type, so nothing tells what model it is; {remedy}"
    index = folder / _INDEX
    named = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else {}
    for name in sorted(set(named.get("weight_map", {}).values())):
        if not (folder / name).is_file():
            yield f"{index} names {name}, which is not there; {remedy}"
    for path in sorted(folder.glob("model*.safetensors")):
        try:
            with safe_open(path, framework="np"):
                pass
        except SafetensorError as error:
            yield f"{path} is cut off or no file of weights ({error}); {remedy}"


def _is_object(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except ValueError:
        return False


def context_of(folder: Path) -> int | None:
    """Return how many tokens the model reads, what it writes included; None where nothing says so.

    Positions that are stretched (`rope_scaling`) count as far as they reach.
    """
    settings = _of_text(settings_of(folder))
    if settings_of(folder).get("is_encoder_decoder"):
        return None  # relative positions, and what it writes is another text
    found = [settings[key] for key in _POSITIONS if isinstance(settings.get(key), int)]
    if not found:
        return None
    most: int = found[0]
    scaling = settings.get("rope_scaling") or settings.get("rope_parameters") or {}
    stretched = [
        int(table["factor"] * (table.get("original_max_position_embeddings") or most))
        for table in _tables(scaling)
        if isinstance(table.get("factor"), int | float)
    ]
    return max([most, *stretched])


def vocabulary_of(folder: Path) -> int | None:
    """Return how many tokens the embedding has; None where nothing says so."""
    size = _of_text(settings_of(folder)).get("vocab_size")
    return size if isinstance(size, int) else None


def _of_text(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the language model in one that also sees."""
    inner = settings.get("text_config")
    return inner if isinstance(inner, dict) else settings


def _tables(scaling: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a table, or those of each kind of layer in it."""
    yield scaling
    yield from (inner for inner in scaling.values() if isinstance(inner, dict))
