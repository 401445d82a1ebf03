"""What goes up: a list of files, known whole before anything is sent."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

CARD = "README.md"
MODEL_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.py")
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")


@dataclass(frozen=True)
class Part:
    """One file of the repository."""

    path: str
    """Its place in the repository."""
    source: Path | bytes
    """A file of this machine, or what was made for this upload."""

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size


@dataclass(frozen=True)
class Upload:
    """One repository and everything that goes into it, in one commit."""

    repo: str
    kind: Literal["model", "dataset"]
    private: bool
    message: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    """What a reader of the dry run should know: what is left out, and why."""


def files_of(folder: Path, patterns: Sequence[str], below: str = "") -> Iterator[Part]:
    """Yield the files at the top of a folder whose names fit; never hidden ones, never links."""
    for path in sorted(folder.iterdir()):
        wanted = any(fnmatch(path.name, pattern) for pattern in patterns)
        if wanted and path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield Part(f"{below}{path.name}", path)


def text_part(path: str, text: str) -> Part:
    """Return a file that is made for this upload."""
    return Part(path, text.encode())


def mlx_forms(model: Path) -> dict[str, Path]:
    """Return the forms for MLX that lie beside a model, as `whetstone export mlx` names them.

    By the name of their folder in the repository: `merged-mlx-4bit` is `mlx-4bit` there.
    """
    found = sorted(path.parent for path in model.parent.glob(f"{model.name}-mlx*/config.json"))
    return {folder.name.removeprefix(f"{model.name}-"): folder for folder in found}


def hub_id(name: str | None) -> str | None:
    """Return this name if it can be that of a model on the Hub, and is no folder here."""
    is_one = bool(name and _HUB_ID.fullmatch(name)) and not Path(name or "").exists()
    return name if is_one else None
