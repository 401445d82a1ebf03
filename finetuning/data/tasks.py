"""The tasks a run is measured on: the nano world's own, and everything evaluation knows by name."""

from collections.abc import Sequence
from dataclasses import replace

from whetstone.evaluation.tasks import Task, TaskProblem, load_task
from whetstone.evaluation.tasks.jsonl import SUFFIX as JSONL
from whetstone.evaluation.window import Window
from whetstone.finetuning.nano import ENTRY_POINT, Split, problems

_NANO_SPLIT = {"nano": Split.TEST, "nano_dev": Split.DEV}
_NANO_TIMEOUT_S = 3.0


def build_task(
    name: str,
    limit: int | None,
    stop: tuple[str, ...],
    packages: Sequence[str] = (),
    window: str | None = None,
) -> Task:
    """Return a task by name (`nano`: held-out compositions, `nano_dev`: others, for curves).

    Args:
        name: of a task, or the path of a user's own file.
        limit: only the first problems.
        stop: the stop words of a user's own file; published tasks have theirs.
        packages: what programs and tests may import; nobody needs it in the nano world.
        window: the dates of problems that are wanted, `2024-08..2025-02`.

    """
    if name not in _NANO_SPLIT:
        dates = None if window is None else Window.read(window)
        task = load_task(name, limit, packages, dates)
        return replace(task, stop=stop) if name.endswith(JSONL) else task
    # The seed is fixed: every run of every seed is measured on the same problems.
    found = problems(_NANO_SPLIT[name], limit, seed=0)
    return Task(
        name=name,
        problems=tuple(
            TaskProblem(
                id=problem.id,
                prompt=problem.prompt,
                tests=problem.tests,
                entry_points=(ENTRY_POINT,),
                reference=problem.reference,
            )
            for problem in found
        ),
        stop=(),
        timeout_s=_NANO_TIMEOUT_S,
    )
