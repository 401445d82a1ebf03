"""`${seed}` in a value: what another setting has, as OmegaConf finds it.

OmegaConf makes an object of each value, which takes longer than everything else that is done with
them. So it gets only the values that refer to another, and those that they name.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from whetstone.finetuning.config.tree import Tree, embedded, merge, of_omegaconf

_MARK = "${"
_BY_NAME = re.compile(r"(?:[^$\\]|\$\{(?:[a-z]+\.[a-z]+:)?[A-Za-z_][\w., -]*\})*")
"""A text that refers to settings by their whole paths, and to nothing else."""
_NAMED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_Placed = tuple[tuple[str, ...], Any]
"""A value and its path."""


def resolved(values: Tree) -> Tree:
    """Return the values, changed in place, with what they refer to for each `${...}`.

    Raises:
        OmegaConfBaseException: There is no such setting.

    """
    referring = list(_referring(values))
    if all(_BY_NAME.fullmatch(str(value)) for _, value in referring):
        few: Tree = {}
        for path, value in [
            *referring,
            *_named(values, " ".join(str(value) for _, value in referring)),
        ]:
            merge(few, embedded(value, path))
        try:
            answers = of_omegaconf(OmegaConf.create(few), resolve=True)
        except OmegaConfBaseException:
            pass  # told below with the whole tree to name
        else:
            for path, _ in referring:
                merge(values, embedded(_at(answers, path)[1], path))
            return values
    return of_omegaconf(OmegaConf.create(values), resolve=True)


def _referring(node: Tree, path: tuple[str, ...] = ()) -> Iterator[_Placed]:
    """Yield the values with a `${` in them; a list as a whole."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _referring(value, (*path, key))
        elif _MARK in str(value):
            yield (*path, key), value


def _named(values: Tree, text: str) -> Iterator[_Placed]:
    """Yield what has a name that stands in a text."""
    for name in _NAMED.findall(text):
        path, value = _at(values, name.split("."))
        if path:
            yield path, value


def _at(values: Tree, path: Sequence[str]) -> _Placed:
    """Return what stands at a path, or as near to it as there are tables."""
    node: Any = values
    for index, part in enumerate(path):
        if not isinstance(node, dict) or part not in node:
            return tuple(path[:index]), node
        node = node[part]
    return tuple(path), node
