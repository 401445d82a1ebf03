"""Which weights a person means: a name from conf/model, a folder, a run, or a Hub id."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from finetuning.config import load
from finetuning.config.command_line import config_groups
from finetuning.errors import ConfigError, Problem
from finetuning.model.hub import local_folder

MERGED = "merged"


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


def find_model(wanted: str, revision: str | None, trusted: bool) -> Found:
    """Find, and download if need be, the model that a person means by `wanted`.

    Raises:
        ConfigError: the name leads to no weights.
        OutsideError: the Hub cannot be reached.

    """
    setting = f"model={wanted}"
    folder = Path(wanted).expanduser()
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        remedy = "this is an adapter; give its base model, and this folder as adapter="
        raise ConfigError([Problem(setting, remedy)])
    return find_weights(wanted, revision, trusted, setting)


def find_weights(wanted: str, revision: str | None, trusted: bool, setting: str) -> Found:
    """Find weights likewise; `setting` is what the user typed, for messages."""
    if wanted in config_groups()["model"] and not Path(wanted).is_dir():
        named = load([f"model={wanted}"]).main.model
        if named.path is None:
            remedy = "it is made by training; give the folder of a run, such as outputs/NAME"
            raise ConfigError([Problem(setting, remedy)])
        folder = local_folder(named.path, revision or named.revision, setting)
        return Found(wanted, folder, trusted or named.trust_remote_code)
    folder = Path(wanted).expanduser()
    if (folder / MERGED).is_dir():
        return Found(folder.resolve().name, folder / MERGED, trusted)
    name = folder.resolve().name if folder.is_dir() else wanted.replace("/", "--")
    return Found(name, local_folder(wanted, revision, setting), trusted)
