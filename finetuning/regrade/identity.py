"""What the answers of a regrade depend on: its journal, and the name of its folder, follow from it.

Also the code of a function and the weights of a model, which a setting only names: whoever mends
his reward and gives the same command again is not shown what the old one said.
"""

import hashlib
from pathlib import Path
from typing import Any

from whetstone.finetuning.artifacts.run_name import digest
from whetstone.finetuning.config.regrade import Regrade
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.regrade.rows import FoundRows
from whetstone.rewards.base import RewardConfig
from whetstone.rewards.custom.importing import import_part_by_part
from whetstone.rewards.custom.reward import CustomConfig


def identity_of(regrade: Regrade, found: FoundRows) -> dict[str, Any]:
    """Return the header of a journal.

    Raises:
        ConfigError: the module of a function cannot be imported.

    """
    judges = {
        name: {**spec.model_dump(mode="json"), "named": _named(spec)}
        for name, spec in regrade.judge.reward.items()
    }
    shown = [
        [batch.stored.step, batch.stored.prompts, batch.stored.completions, batch.columns]
        for batch in found.batches
    ]
    settings = {"reward": judges, "shown": digest(shown)[:16]}
    # The page also depends on what counts as a pass, and two pages need two folders.
    fingerprint = digest([settings, regrade.passes])[:16]
    return {"task": regrade.run.name, "fingerprint": fingerprint, "settings": settings}


def _named(spec: RewardConfig) -> Any:
    """Return what changes when what a setting names does; None where it names nothing."""
    if isinstance(spec, CustomConfig):
        try:
            module = import_part_by_part(spec.fn.partition(":")[0], f"fn={spec.fn}")
        except ValueError as error:
            raise ConfigError([Problem(f"reward.{spec.name}", str(error))]) from error
        file = module.__file__
        return None if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()
    folder = Path(str(getattr(spec, "path", "")))
    if not hasattr(spec, "path") or not folder.is_dir():
        return None
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
