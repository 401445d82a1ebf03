"""Where the forms of a model lie: known without anything that reads one."""

from pathlib import Path
from typing import Literal

Bits = Literal[4, 8]


def form_of(model_folder: Path, bits: Bits | None) -> Path:
    """Return where the MLX form of a model belongs: beside it, where publishing finds it."""
    suffix = "-mlx" if bits is None else f"-mlx-{bits}bit"
    return model_folder.with_name(model_folder.name + suffix)
