"""`${seed}` in a value: what another setting has, as OmegaConf finds it.

OmegaConf makes an object of each value, which takes longer than everything else that is done with
them. So it gets only the values that refer to another, and those that they name.
"""

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

Tree = dict[Any, Any]
Path = tuple[str | int, ...]
_MARK = "${"
_BY_NAME = re.compile(r"(?:[^$\\]|\$\{(?:[a-z]+\.[a-z]+:)?[A-Za-z_][\w., -]*\})*")
"""A text that refers to settings by their whole paths, and to nothing else."""
_NAMED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")


def resolved(values: Tree) -> Tree:
    """Return the values with what they refer to in place of each `${...}`.

    Raises:
        OmegaConfBaseException: There is no such setting.

    """
    referring = dict(_referring(values))
    if not referring:
        return values
    if all(_BY_NAME.fullmatch(text) for text in referring.values()):
        try:
            return _replaced(values, referring)
        except OmegaConfBaseException:
            pass  # told below with the whole tree to name
    whole = OmegaConf.to_container(OmegaConf.create(values), resolve=True)
    if not isinstance(whole, dict):
        raise TypeError("a table stays a table")
    return {str(key): value for key, value in whole.items()}


def _replaced(values: Tree, referring: dict[Path, str]) -> Tree:
    """Resolve in a tree of only what refers and what is referred to."""
    few: Tree = {}
    wanted = [path for text in referring.values() for path in _named(text)]
    for path in [*wanted, *referring]:
        _plant(few, values, path)
    answers = OmegaConf.to_container(OmegaConf.create(few), resolve=True)
    for path in referring:
        node: Any = values
        answer: Any = answers
        for part in path[:-1]:
            node, answer = node[part], answer[part]
        node[path[-1]] = answer[path[-1]]
    return values


def _named(text: str) -> Iterator[Path]:
    for name in _NAMED.findall(text):
        yield tuple(name.split("."))


def _plant(few: Tree, values: Tree, path: Path) -> None:
    """Copy what stands at a path, as far as it is there; a list is copied as a whole."""
    node: Any = values
    for index, part in enumerate(path):
        if not isinstance(node, dict) or part not in node:
            return
        node = node[part]
        last = index == len(path) - 1
        if last or not isinstance(node, dict):
            few[part] = node
            return
        below = few.setdefault(part, {})
        if below is node:
            return  # the whole of it is there
        few = below


def _referring(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the texts with a `${` in them, each with its path."""
    if isinstance(node, dict | list):
        inside = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in inside:
            yield from _referring(value, (*path, key))
    elif isinstance(node, str) and _MARK in node:
        yield path, node
