"""The folder of data for machines without a network, and whether the Hub may be asked at all."""

import os
from pathlib import Path

DATA_DIR_VARIABLE = "WHETSTONE_DATA_DIR"


def data_folder() -> Path | None:
    """Return the folder that is searched before the Hub; None where none is named."""
    value = os.environ.get(DATA_DIR_VARIABLE)
    return Path(value).expanduser() if value else None


def not_there(name: str) -> str:
    """Say that a file or folder is not in the folder of data, or that there is none."""
    folder = data_folder()
    if folder is None:
        return f"{DATA_DIR_VARIABLE} is not set"
    return f"{name} is not in {DATA_DIR_VARIABLE}={folder}"


def is_offline() -> bool:
    """Read the switches as `datasets` and `huggingface_hub` do, without importing them."""
    hub = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return os.environ.get("HF_DATASETS_OFFLINE", hub).upper() in {"1", "ON", "YES", "TRUE"}
