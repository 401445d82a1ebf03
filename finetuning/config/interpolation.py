"""`${seed}` in a value: what another setting has, as OmegaConf finds it.

OmegaConf makes an object of each value, which takes longer than everything else that is done with
them. So it gets only the values that refer to another, and those that they name.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from omegaconf import OmegaConf

from whetstone.finetuning.config.tree import Tree, at, embedded, merge, of_omegaconf

_MARK = "${"
_BY_NAME = re.compile(r"(?:[^$\\]|\$\{(?:[a-z]+\.[a-z]+:)?[A-Za-z_][\w., \[\]-]*\})*")
"""A text that refers to settings by their whole paths, and to nothing else."""
_NAMED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_Placed = tuple[Sequence[str], Any]
"""The path of a value, and the value."""


def resolved(values: Tree) -> Tree:
    """Return the values, changed in place, with what they refer to for each `${...}`.

    Raises:
        OmegaConfBaseException: There is no such setting.

    """
    referring = list(_referring(values))
    few = OmegaConf.create(_concerned(values, referring))
    answers = of_omegaconf(few, resolve=True)
    for path, _ in referring:
        merge(values, embedded(at(answers, path)[1], path))
    return values


def _referring(node: Tree, path: tuple[str, ...] = ()) -> Iterator[_Placed]:
    """Yield the values with a `${` in them; a list as a whole."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _referring(value, (*path, key))
        elif _MARK in str(value):
            yield (*path, key), value


def _concerned(values: Tree, referring: Sequence[_Placed]) -> Tree:
    """Return what refers and what it refers to; everything where that is not plain to see."""
    texts = [str(value) for _, value in referring]
    if not all(map(_BY_NAME.fullmatch, texts)):
        return values
    names = (name.split(".") for name in _NAMED.findall(" ".join(texts)))
    few: Tree = {}
    for path, value in [*referring, *(at(values, name) for name in names)]:
        if path:
            merge(few, embedded(value, path))
    return few
