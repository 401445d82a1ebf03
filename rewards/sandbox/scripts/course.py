"""One program on its way through its cases: what is run next, and what the end of it means.

Every case is a process of its own. After a failed one the others are run only to be counted, and
none after the program ran out of time, or a hundred cases would wait a hundred times. Where the
user's own checker fails, it is asked about the expected output: what it cannot say of that either
is its own fault and never the program's; else no program could gain by breaking it.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

from whetstone.rewards.sandbox.scripts.job import ScriptJob
from whetstone.rewards.sandbox.scripts.series import SeriesJob
from whetstone.rewards.sandbox.scripts.standing import Standing
from whetstone.rewards.sandbox.scripts.tests import CHECK_NAME, Case
from whetstone.rewards.sandbox.verdict import ENDS, Job, Result, Verdict

AnyJob = Job | ScriptJob | SeriesJob
"""What the sandbox can be asked for."""


class _Way(Protocol):
    """A program on its way through its cases."""

    def next_job(self) -> AnyJob: ...

    def take(self, result: Result) -> AnyJob | None: ...

    def result(self) -> Result: ...


def follow(course: _Way, submit: Callable[[AnyJob], Future[Result]]) -> Future[Result]:
    """Run a course to its end, case by case; returns at once."""
    ended: Future[Result] = Future()

    def go_on(job: AnyJob) -> None:
        try:
            submit(job).add_done_callback(take)
        except RuntimeError as error:  # the sandbox was closed meanwhile
            ended.set_exception(error)

    def take(done: Future[Result]) -> None:
        if (error := done.exception()) is not None:
            ended.set_exception(error)
        elif (job := course.take(done.result())) is not None:
            go_on(job)
        else:
            ended.set_result(course.result())

    go_on(course.next_job())
    return ended


@dataclass
class Course(Standing):
    """One program on its way through its tests."""

    _printed: str | None = field(default=None, repr=False)
    """What the user's checker is asked about, or None while the program itself runs."""
    _doubted: bool = False
    """The checker did not come to an end, and is asked about the expected output."""

    def next_job(self) -> Job | ScriptJob:
        """Return what has to be run next."""
        case = self.tests.cases[self.done]
        if self._printed is not None:
            return self._check(case, case.output if self._doubted else self._printed)
        return ScriptJob(
            self.program,
            case.input,
            None if self.tests.has_program else case.output,
            "lines" if self.tests.has_program else self.tests.checker,
            self.tests.tolerance,
            self.limit_s,
            self.tests.memory_mb,
        )

    def _check(self, case: Case, output: str) -> Job:
        return Job(self.tests.checker, case.asked(output), None, (CHECK_NAME,))

    def take(self, result: Result) -> Job | ScriptJob | None:
        """Note how a job ended; returns the next, or None once the verdict is known."""
        self.spend(result)
        if self._printed is None and self.tests.has_program and result.verdict is Verdict.PASSED:
            self._printed = result.output
            return self.next_job()
        if self._printed is not None:
            if result.verdict not in (Verdict.PASSED, Verdict.FAILED) and not self._doubted:
                self._doubted = True
                return self.next_job()
            result = self._checked(result)
        self._printed, self._doubted = None, False
        return self._count(result)

    def _checked(self, result: Result) -> Result:
        """Say what the answer of the user's checker means for the program."""
        if not self._doubted:
            return replace(result, detail="the checker does not accept what it printed")
        if result.verdict is Verdict.PASSED:
            detail = "the checker cannot read what it printed"
            return replace(result, verdict=Verdict.FAILED, detail=detail)
        detail = f"the checker does not accept the expected output either: {result.detail}"
        return replace(result, verdict=Verdict.INFRA_ERROR, detail=detail)

    def _count(self, result: Result) -> Job | ScriptJob | None:
        self.done += 1
        if result.verdict is Verdict.PASSED:
            self.passed += 1
        elif self.first_failure is None:
            detail = f"test {self.done} of {len(self.tests.cases)}: {result.detail}"
            self.first_failure = replace(result, detail=detail)
        is_known = self.first_failure is not None and self.stops_early
        is_last = result.verdict in ENDS or self.done == len(self.tests.cases)
        return None if is_known or is_last else self.next_job()
