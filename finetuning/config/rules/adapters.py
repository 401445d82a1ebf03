"""Whether a folder holds a LoRA adapter, as far as that is known without its base."""

import json
from collections.abc import Iterator
from pathlib import Path

from finetuning.errors import Problem

ADAPTER_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def no_adapter(folder: Path) -> Iterator[Problem]:
    """Yield why this folder is no adapter that could be folded into a base."""
    setting = f"adapter={folder}"
    if not folder.is_dir():
        yield Problem(setting, "there is no such folder")
    elif not (folder / ADAPTER_CONFIG).is_file():
        inside = folder / "adapter"
        other = f"; it is the folder of a run: adapter={inside}" if inside.is_dir() else ""
        yield Problem(setting, f"this folder has no {ADAPTER_CONFIG}, so it is no adapter{other}")
    elif not any((folder / name).is_file() for name in _WEIGHTS):
        yield Problem(setting, f"this folder has no weights ({_WEIGHTS[0]})")
    else:
        kind = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("peft_type")
        if kind != "LORA":
            yield Problem(setting, f"this adapter is of the kind {kind}; only LoRA can be merged")


def adapter_may_exist(given: str | None) -> Iterator[Problem]:
    """Refuse what is neither a folder with an adapter nor anything that the Hub could know."""
    if given is None:
        return
    folder = Path(given).expanduser()
    looks_local = given.startswith((".", "/", "~")) or given.count("/") != 1
    if folder.is_dir() or looks_local:
        yield from no_adapter(folder)
