"""Settings as tables in tables, and how one is laid over another: as OmegaConf does it."""

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

Tree = dict[str, Any]
MISSING = "???"
"""What a file says of a value that must be given."""


def merge(values: Tree, stronger: Tree) -> None:
    """Lay one tree over another, in place: tables are merged, everything else is replaced."""
    for key, value in stronger.items():
        below = values.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merge(below, value)
        elif value != MISSING or key not in values:
            values[key] = copied(value)


def copied(value: Any) -> Any:
    """Copy tables and lists; what is in them cannot be changed."""
    if isinstance(value, dict):
        return {key: copied(below) for key, below in value.items()}
    return [copied(entry) for entry in value] if isinstance(value, list) else value


def embedded(value: Any, path: Sequence[str]) -> Tree:
    """Return a tree with this value at a path; an empty path wants a table."""
    for part in reversed(path):
        value = {part: value}
    tree: Tree = value
    return tree


def at(values: Tree, path: Sequence[str]) -> tuple[Sequence[str], Any]:
    """Return what stands at a path, or as near to it as there are tables, and how far that is."""
    node: Any = values
    for index, part in enumerate(path):
        if not isinstance(node, dict) or part not in node:
            return path[:index], node
        node = node[part]
    return path, node


def of_omegaconf(config: DictConfig, *, resolve: bool = False) -> Tree:
    """Return a configuration of OmegaConf's as a tree. Raises what a `${...}` in it cannot find."""
    values = OmegaConf.to_container(config, resolve=resolve)
    if not isinstance(values, dict):
        raise TypeError("a mapping stays a mapping")
    return {str(key): value for key, value in values.items()}
