"""A task is problems, stop words and a time limit; nothing here knows where they came from.

Every task is turned into programs by the one function below, so that two tasks cannot differ in
how a completion is cut.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a task.

    `prompt` goes to the model. `prefix` stands before the completion in the program, "" when the
    model writes the whole of it. `tests` is Python source that raises when the program is wrong.
    `entry_points` are the names that the program has to supply to the tests, () where that is not
    known. `reference` is a completion that is right, where known.
    """

    id: str
    prompt: str
    tests: str
    prefix: str = ""
    entry_points: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Problems that are measured together; `timeout_s` is wall seconds for one program.

    Raises:
        ValueError: without problems, or when two share an id, because samples are kept by id.

    """

    name: str
    problems: tuple[Problem, ...]
    stop: tuple[str, ...]
    timeout_s: float

    def __post_init__(self) -> None:
        if not self.problems:
            raise ValueError(f"task {self.name!r} holds no problems")
        if len({problem.id for problem in self.problems}) < len(self.problems):
            raise ValueError(f"task {self.name!r} holds problems that share an id")


def cut_at_stop(text: str, stop: Iterable[str]) -> str:
    """Return `text` up to the earliest of the stop words."""
    found = (text.find(word) for word in stop)
    return text[: min((at for at in found if at >= 0), default=len(text))]


def build_program(task: Task, problem: Problem, completion: str) -> str:
    """Return the program that is judged: the problem's prefix and the completion, cut."""
    return problem.prefix + cut_at_stop(completion, task.stop)
