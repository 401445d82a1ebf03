"""Our own small Python tasks: read from the YAML files beside this one, and split by idea.

A file holds ideas, an idea four tasks that are near each other. What is held out is held out by
idea, so that no task that is measured was trained on in another wording.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import yaml

Difficulty = Literal["easy", "medium", "hard"]

_FOLDER = Path(__file__).parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where PyYAML has it, reads all files in a tenth of the time."""


@dataclass(frozen=True, slots=True)
class BasicTask:
    """A task: a function that is wanted, and what tells whether one is right."""

    idea: str
    """What it has in common with three others."""
    held_out: bool
    """It is measured and never trained on, as are all of its idea."""
    difficulty: Difficulty
    """easy: one expression; medium: a condition, a loop, a part of a text; hard: several steps."""
    returns: str
    """What the function returns, as the end of the sentence `a function that returns ...`."""
    reference: str
    """A function that is right."""
    tests: str
    """4 to 8 assert statements, one a line."""

    @property
    def signature(self) -> str:
        """Return the function's name and its arguments: `half(n)`."""
        head, _, _ = self.reference.partition(":\n")
        return head.removeprefix("def ")

    @property
    def name(self) -> str:
        """Return the function's name, which no other task has."""
        return self.signature.partition("(")[0]

    @property
    def body(self) -> str:
        """Return the reference without its first line."""
        return self.reference.partition("\n")[2]


def trained_tasks() -> tuple[BasicTask, ...]:
    """Return the tasks to train on."""
    return tuple(task for task in _every() if not task.held_out)


def held_out_tasks() -> tuple[BasicTask, ...]:
    """Return the tasks that are only measured."""
    return tuple(task for task in _every() if task.held_out)


@cache
def _every() -> tuple[BasicTask, ...]:
    """Return all tasks, the first of each idea before the second of any: a limit keeps variety."""
    ideas = [idea for path in sorted(_FOLDER.glob("*.yaml")) for idea in _ideas(path)]
    return tuple(task for places in zip_longest(*ideas) for task in places if task is not None)


def _ideas(path: Path) -> Iterator[list[BasicTask]]:
    ideas: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - both loaders are safe
    for idea in ideas:
        of_idea = {"idea": idea["idea"], "held_out": idea["held_out"]}
        yield [BasicTask(**of_idea, **task) for task in idea["tasks"]]
