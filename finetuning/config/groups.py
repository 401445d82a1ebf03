"""The config groups: what can be chosen, and the folder that holds it."""

from collections.abc import Iterable
from pathlib import Path

CONF_DIR = Path(__file__).resolve().parents[2] / "conf"
LOCAL = "local"
"""The choice of `model` that stands for one given by its path; nobody types it."""


def typed_choices() -> str:
    """List what a person may choose, a line for each group."""
    groups = {name: options - {LOCAL} for name, options in config_groups().items()}
    return "\n".join(f"{name}: {', '.join(sorted(groups[name]))}" for name in sorted(groups))


def config_groups(directories: Iterable[Path] = (CONF_DIR,)) -> dict[str, set[str]]:
    """Map each config group to its options."""
    groups: dict[str, set[str]] = {}
    for directory in directories:
        for file in directory.rglob("*.yaml"):
            group = file.parent.relative_to(directory).as_posix()
            if group != "." and not group.startswith("hydra"):
                groups.setdefault(group, set()).add(file.stem)
    return groups
