"""The teacher at work: grades what it is given, all at once, in an event loop.

Everything here belongs to one loop. `whetstone.rewards.teacher.reward` owns that loop and speaks to
trainers.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from whetstone.rewards.teacher.client import Asker
from whetstone.rewards.teacher.faults import CONCERNS_ALL, TeacherFault, TeacherUnavailableError
from whetstone.rewards.teacher.prompts import Grade, GradingRequest, read_solution, solving
from whetstone.rewards.teacher.settings import TeacherSettings

T = TypeVar("T")


@dataclass(frozen=True)
class TeacherTask:
    """A problem."""

    text: str
    language: str


@dataclass(frozen=True)
class Reference:
    """The teacher's own solution of a task, and what the teacher thinks of it."""

    code: str
    grade: Grade


@dataclass(frozen=True)
class Graded:
    """What became of a batch. What is missing could not be graded."""

    grades: Mapping[tuple[TeacherTask, str], Grade]
    references: Mapping[TeacherTask, Reference]
    faults: Sequence[TeacherFault]


class Teacher:
    """Grades programs; `asker` gets the answers."""

    def __init__(self, config: TeacherSettings, asker: Asker) -> None:
        self._config, self._asker = config, asker

    async def grade(
        self, programs: Mapping[TeacherTask, Sequence[str]], with_references: bool
    ) -> Graded:
        """Grade different programs of each task, and the teacher's own, at the same time.

        Whatever happens, all that is in flight is waited for, so that nothing paid for is lost.

        Raises:
            RunStopped: the run cannot go on.

        """
        self._asker.resume()
        faults: list[TeacherFault] = []
        asked = [
            self._settle(self._grade_together(task, chunk), faults)
            for task, several in programs.items()
            for chunk in _chunks(several, self._config.together)
        ]
        tasks = list(programs) if with_references else []
        own = [self._settle(self._reference(task), faults) for task in tasks]
        results = await asyncio.gather(*asked, *own, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        grades: dict[tuple[TeacherTask, str], Grade] = {}
        for found in results[: len(asked)]:
            grades.update(found or {})  # type: ignore[arg-type]
        references = dict(zip(tasks, results[len(asked) :], strict=True))
        return Graded(
            grades,
            {task: found for task, found in references.items() if isinstance(found, Reference)},
            faults,
        )

    async def _settle(self, asked: Awaitable[T], faults: list[TeacherFault]) -> T | None:
        """Wait for an answer; None where there is none, unless it is time to stop."""
        try:
            return await asked
        except TeacherFault as fault:
            told = self._why_to_stop(fault)
            if told is not None:
                self._asker.halt(fault)
                raise TeacherUnavailableError(told) from None
            faults.append(fault)
            return None

    def _why_to_stop(self, fault: TeacherFault) -> str | None:
        """Return what to tell the user where the run cannot go on."""
        limits = self._config.limits
        if fault.kind in CONCERNS_ALL:
            return (
                f"the teacher turns us away: {fault}. All answers are kept; mend the key, the"
                " credit, the limit or the model's name, and the same command goes on"
            )
        if self._asker.takes_too_long(fault):
            return (
                f"the teacher asks to wait {fault.retry_after_s:,.0f} s: {fault}. All answers are"
                " kept; the same command goes on then (reward.teacher.limits.longest_wait_s)"
            )
        if self._asker.in_vain >= limits.stop_after_failures:
            return (
                f"{limits.stop_after_failures} requests in a row came to nothing, the last with:"
                f" {fault}. All answers are kept; the same command goes on"
                " (reward.teacher.limits.stop_after_failures)"
            )
        return None

    async def _grade_together(
        self, task: TeacherTask, programs: Sequence[str]
    ) -> dict[tuple[TeacherTask, str], Grade]:
        config = self._config
        grading = GradingRequest(
            config.rubric, task.text, task.language, programs, config.grade_tokens
        )
        grades = await self._asker.ask(grading.request, grading.read)
        return {(task, program): grade for program, grade in grades.items()}

    async def _reference(self, task: TeacherTask) -> Reference:
        request = solving(task.text, task.language, self._config.solution_tokens)
        code = await self._asker.ask(request, read_solution)
        graded = await self._grade_together(task, [code])
        return Reference(code, graded[task, code])


def _chunks(programs: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (programs[start : start + size] for start in range(0, len(programs), size))
