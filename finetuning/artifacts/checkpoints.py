"""Finds the checkpoint to continue from, past one that a kill left half-written.

It is loaded by `training/trainer.py`.
"""

import json
import shutil
from pathlib import Path

_PREFIX = "checkpoint-"
_WRITTEN_LAST = "trainer_state.json"


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest whole checkpoint, or None. Half-written ones are removed.

    transformers writes trainer_state.json last, so a checkpoint without a readable one was cut off.
    """
    found = sorted(
        (path for path in folder.glob(f"{_PREFIX}*") if path.name[len(_PREFIX) :].isdigit()),
        key=lambda path: int(path.name[len(_PREFIX) :]),
    )
    while found:
        newest = found.pop()
        if _is_whole(newest):
            return newest
        shutil.rmtree(newest)
    return None


def _is_whole(checkpoint: Path) -> bool:
    state = checkpoint / _WRITTEN_LAST
    try:
        json.loads(state.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return True
