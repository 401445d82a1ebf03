"""Where models that were fetched or converted lie: one folder for each user, found without torch.

Nothing in it names its own place, so that it can be moved or copied to another machine.
"""

import os
from pathlib import Path

from whetstone.finetuning.config.model_files import CONFIG

MODELS_DIR_VARIABLE = "WHETSTONE_MODELS_DIR"


def models_folder() -> Path:
    """Return the folder: `WHETSTONE_MODELS_DIR`, or `whetstone/models` in the user's cache."""
    if named := os.environ.get(MODELS_DIR_VARIABLE):
        return Path(named).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "whetstone" / "models"


def fetched_folder(name: str) -> Path | None:
    """Return the folder of a fetched model; None where it was not fetched."""
    folder = models_folder() / name
    return folder if (folder / CONFIG).is_file() else None
