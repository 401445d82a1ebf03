"""A problem as the audit sees it: what is asked, its tests, and programs of which it is known."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.tasks.base import Task, TaskProblem, build_program, tests_text
from whetstone.rewards.programs import programs
from whetstone.rewards.sandbox import AnyTests
from whetstone.rewards.stdio.columns import read_row


@dataclass(frozen=True)
class AuditedProblem:
    """One problem.

    Args:
        id: A name that no other problem has.
        prompt: What the policy is asked, as text.
        tests: What judges.
        prefix: What stands before each program.
        entry_points: The names that Python tests call, where they are known.
        reference: A program that ought to pass; None where the data has none.
        solutions: Further programs that the data takes for right.
        wrong: Programs that ought not to pass, as far as the data has some.

    """

    id: str
    prompt: str
    tests: AnyTests
    prefix: str = ""
    entry_points: tuple[str, ...] = ()
    reference: str | None = None
    solutions: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """A hash of all of it: what is known of a problem is known as long as this is the same."""
        return _hashed(asdict(self))

    @property
    def key(self) -> str:
        """A hash of prompt and tests: by it a row of training is found in an audit."""
        return _key(self.prompt, self.tests)


def key_of_row(row: Mapping[str, Any]) -> str:
    """Return the `key` of a row's problem. Raises `WrongTestsError` as `of_row` does."""
    return _key(_text(row), read_row(row))


def _text(row: Mapping[str, Any]) -> str:
    prompt = row["prompt"]
    return prompt if isinstance(prompt, str) else prompt_text(tuple(prompt))


def _key(prompt: str, tests: AnyTests) -> str:
    return _hashed([prompt, tests_text(tests)])


def _hashed(content: Any) -> str:
    return sha256(json.dumps(content).encode()).hexdigest()[:16]


def of_row(row: Mapping[str, Any], name: str) -> AuditedProblem:
    """Return the problem of a row of data. Raises `WrongTestsError` where its tests are no tests.

    Columns: `prompt`, `tests` and what belongs to them, `reference` or `solution`, `solutions`,
    further programs that are right, and `wrong`, programs that are not.
    """
    tests, prefix = read_row(row), row.get("prefix") or ""
    points = tuple(row.get("entry_points") or ())
    reference = row.get("reference") or row.get("solution")
    solutions = row.get("solutions") or ()
    known = [reference or "", *solutions, *(row.get("wrong") or ())]
    sources = [tests if isinstance(tests, str) else ""] * len(known)
    written = programs(
        known,
        prefix=[prefix] * len(known),
        tests=sources,
        entry_points=[points] * len(known),
    )
    return AuditedProblem(
        id=str(row.get("id") or row.get("task_id") or name),
        prompt=_text(row),
        tests=tests,
        prefix=prefix,
        entry_points=points,
        reference=written[0] if reference else None,
        solutions=tuple(written[1 : 1 + len(solutions)]),
        wrong=tuple(written[1 + len(solutions) :]),
    )


def of_task(task: Task, problem: TaskProblem) -> AuditedProblem:
    """Return a problem of an evaluation task, its reference as the task makes programs."""
    known = problem.reference
    reference = None if known is None else build_program(task, problem, known)
    return AuditedProblem(
        id=problem.id,
        prompt=prompt_text(problem.prompt),
        tests=problem.tests,
        prefix=problem.prefix,
        entry_points=problem.entry_points,
        reference=reference,
    )
