"""Which Whetstone this is: as it was installed, or as the checkout says that it runs from."""

import tomllib
from pathlib import Path

_COMMAND = "whetstone"
_ENTRANCE = "whetstone.finetuning.cli:main"
_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def version() -> str:
    """Return the version of the distribution that installed our command, whatever its name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - asked for by few commands

    installed = entry_points(group="console_scripts", name=_COMMAND)
    ours = (entry.dist for entry in installed if entry.value == _ENTRANCE)
    if (distribution := next(ours, None)) is not None:
        return distribution.version
    return str(tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"])
