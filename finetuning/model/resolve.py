"""The weights that a person means, on this disk: resolved, and downloaded if need be."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from whetstone.finetuning.config.model_files import why_broken
from whetstone.finetuning.config.resolve_model import OUTPUTS, resolve_model
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.hub import local_folder


@dataclass(frozen=True)
class Found:
    """A model's folder on this disk."""

    name: str
    """Short, for people and folder names."""
    folder: Path
    trust_remote_code: bool

    def identity(self) -> str:
        """Tell these weights from others, also from later ones at the same place."""
        return content_mark(self.folder)


def content_mark(folder: Path) -> str:
    """Return a mark that changes with the place, names, sizes and times of a folder's files."""
    files = sorted(path for path in folder.glob("*") if path.is_file())
    marks = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr((str(folder.resolve()), marks)).encode()).hexdigest()[:16]


def find_model(
    wanted: str,
    revision: str | None,
    trusted: bool,
    outputs: Path = OUTPUTS,
    setting: str | None = None,
) -> Found:
    """Find, and download if need be, the model that a person means.

    Args:
        wanted: a name, a folder or an id of the Hub.
        revision: branch, tag or commit; None: that of the name.
        trusted: run the code that a model brings.
        outputs: the folder of all runs.
        setting: what the user typed, for messages; None: `model=...`.

    Raises:
        ConfigError: the name leads to no weights, or the download is no whole model.
        OutsideError: the Hub cannot be reached.

    """
    setting = setting or f"model={wanted}"
    model = resolve_model(wanted, setting, outputs)
    folder = local_folder(model.path, revision or model.revision, setting)
    if reason := why_broken(folder):
        raise ConfigError([Problem(setting, reason)])
    return Found(model.name, folder, trusted or model.trust_remote_code)
