"""Finds tests for one problem: what its tests let pass, which input shows it, what is right.

A test is added only if a mutant of the reference that survives the others fails it, and if all
programs that are known to be right pass it: the reference, three times, and the other solutions of
the data. Where these disagree no test is written.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from whetstone.evaluation.audit.mutants import mutants
from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.evaluation.audit.trial import own_limit, passed, patience, repeated, run_programs
from whetstone.evaluation.strengthen.answers import ProgramAnswer
from whetstone.evaluation.strengthen.calls_read import UnreadableTestsError
from whetstone.evaluation.strengthen.form import Form, Test, UnwritableTestError
from whetstone.evaluation.strengthen.forms import form_of
from whetstone.rewards.sandbox import AnyTests, Result, Sandbox, Verdict

NO_SURVIVOR = "no mutant survives"
_SLOW, _COSTLY = 0.5, 0.1
"""Of the time limit: what all tests may take a right program, and a new one by itself."""


@dataclass(frozen=True)
class Search:
    """How long and where tests are looked for.

    Args:
        timeout_s: Seconds of a program, where the problem has no limit of its own.
        mutants: Of each reference.
        inputs: Changed inputs of each problem.
        seed: Of the changes.

    """

    timeout_s: float
    mutants: int
    inputs: int
    seed: int


@dataclass
class Strengthened:
    """What was found for one problem.

    Args:
        id: The problem.
        mark: The hash of its contents.
        mutants: How many mutants of the reference were run.
        survived: How many of them passed the tests as they were.
        killed: How many of these fail an added test.
        inputs: How many changed inputs right programs were asked about.
        unusable: Why there is no test of some of them, with their number.
        added: The new tests, as the column holds them one by one.
        tests: The column with them; empty where none was added.
        reason: Why none was added; empty where one was.

    """

    id: str
    mark: str
    mutants: int = 0
    survived: int = 0
    killed: int = 0
    inputs: int = 0
    unusable: dict[str, int] = field(default_factory=dict)
    added: list[Test] = field(default_factory=list)
    tests: str = ""
    reason: str = ""


def strengthen(
    sandbox: Sandbox, problem: AuditedProblem, row: Mapping[str, Any], search: Search
) -> Strengthened:
    """Look for tests that a problem lacks.

    Args:
        sandbox: Where everything runs; other threads may use it as well.
        problem: The problem of the row.
        row: What the data set holds.
        search: How long to look.

    """
    found = Strengthened(problem.id, problem.mark)
    try:
        _search(found, sandbox, problem, row, search)
    except (UnreadableTestsError, _NoTestError) as error:
        found.reason = str(error)
    return found


class _NoTestError(Exception):
    """No test is added; the message says why, for people."""


def _search(
    found: Strengthened,
    sandbox: Sandbox,
    problem: AuditedProblem,
    row: Mapping[str, Any],
    search: Search,
) -> None:
    """Fill in what is found, as far as it goes."""
    if problem.reference is None:
        raise _NoTestError("it has no reference")
    programs = _Programs(sandbox, problem, search.timeout_s)
    sources = [source for _, source in mutants(problem.reference, search.mutants)]
    survivors = programs.passing(sources)
    found.mutants, found.survived = len(sources), len(survivors)
    if not survivors:
        raise _NoTestError(NO_SURVIVOR)
    trial = _Trial(programs, form_of(problem, row))
    inputs, tests, found.unusable = trial.tests(search)
    found.inputs = len(inputs)
    if not inputs:
        raise _NoTestError("no input could be changed that is like the others")
    if not tests:
        raise _NoTestError(f"no test could be written: {', '.join(found.unusable)}")
    chosen = _chosen(trial.kills(tests, survivors))
    if not chosen:
        raise _NoTestError("no changed input kills a survivor")
    added = [tests[number] for number in chosen]
    trial.require_fair(added)
    found.killed = trial.killed(added, survivors)
    found.added, found.tests = added, trial.column(added)


class _Programs:
    """The right programs of one problem, and how long others may take beside them.

    Raises `_NoTestError` where its reference is not right each time.
    """

    def __init__(self, sandbox: Sandbox, problem: AuditedProblem, timeout_s: float) -> None:
        self.sandbox, self.problem = sandbox, problem
        self.limit_s = own_limit(problem, timeout_s)
        runs = repeated(problem.reference)
        of_reference = self.run(problem.tests, runs)
        if not all(map(passed, of_reference)):
            raise _NoTestError("its reference does not pass each time")
        self.took_s = max(result.cpu_s for result in of_reference)
        self.patience_s = patience(of_reference, self.limit_s)
        solutions = zip(problem.solutions, self.run(problem.tests, problem.solutions), strict=True)
        self.right = [*runs, *(program for program, result in solutions if passed(result))]

    def passing(self, mutated: Sequence[str]) -> list[str]:
        """Return the mutants that pass the tests as they are."""
        results = self.run(self.problem.tests, mutated, self.patience_s)
        return [program for program, result in zip(mutated, results, strict=True) if passed(result)]

    def run(
        self, tests: AnyTests, programs: Sequence[str], timeout_s: float | None = None
    ) -> list[Result]:
        """Run programs against tests in the place of the problem's."""
        limits = None if timeout_s is None else [timeout_s]
        return run_programs(self.sandbox, [self.asked(tests)], [programs], limits)[0]

    def asked(self, tests: AnyTests) -> AuditedProblem:
        """Return the problem with other tests."""
        return replace(self.problem, tests=tests)


class _Trial:
    """Tests that are not yet among those of a problem."""

    def __init__(self, programs: _Programs, form: Form) -> None:
        self._programs, self._form = programs, form

    def tests(self, search: Search) -> tuple[list[Any], list[Test], dict[str, int]]:
        """Return changed inputs, tests of some of them, and why the others have none."""
        generator = Random(f"{search.seed}/{self._programs.problem.mark}")
        inputs = self._form.inputs(search.inputs, generator)
        answers = self._form.answers(
            self._programs.sandbox, self._programs.right, inputs, self._programs.limit_s
        )
        tests, unusable = [], Counter[str]()
        for given, answered in zip(inputs, zip(*answers, strict=True), strict=True):
            try:
                tests.append(self._form.test(given, _values(answered)))
            except UnwritableTestError as error:
                unusable[str(error)] += 1
        return inputs, tests, dict(unusable.most_common())

    def kills(self, tests: Sequence[Test], survivors: Sequence[str]) -> list[set[int]]:
        """Return for each test which survivors, by number, fail it; none for a costly one.

        Those that pass all of them, as most do, are asked once.
        """
        every = self._judged(self._form.alone(tests), survivors)
        mortal = [number for number, result in enumerate(every) if _fails(result)]
        if not mortal:
            return [set() for _ in tests]
        problems = [self._programs.asked(self._form.alone([test])) for test in tests]
        found: list[set[int]] = [set() for _ in tests]
        cheap = self._cheap(problems)
        asked = [[survivors[number] for number in mortal]] * len(cheap)
        some = [problems[test] for test in cheap]
        # With the whole limit: a new test may cost more than the old ones, and late is not wrong.
        results = run_programs(self._programs.sandbox, some, asked)
        for test, of_test in zip(cheap, results, strict=True):
            judged = zip(mortal, of_test, strict=True)
            found[test] = {number for number, result in judged if _fails(result)}
        return found

    def _cheap(self, problems: Sequence[AuditedProblem]) -> list[int]:
        """Return which of these tests, by themselves, leave the others time."""
        reference = [self._programs.right[:1]] * len(problems)
        results = run_programs(self._programs.sandbox, problems, reference)
        most_s = _COSTLY * self._programs.limit_s
        return [
            number
            for number, [result] in enumerate(results)
            if passed(result) and result.cpu_s < most_s
        ]

    def require_fair(self, added: Sequence[Test]) -> None:
        """Refuse tests that, beside the others, a right program fails or takes too long for."""
        results = self._programs.run(self._whole(added), self._programs.right)
        if not all(map(passed, results)):
            raise _NoTestError("a right program fails the new tests beside the others")
        slowest, limit_s = max(result.cpu_s for result in results), self._programs.limit_s
        if slowest >= _SLOW * limit_s > self._programs.took_s:
            told = f"{slowest:.1f} s of {limit_s:g} s"
            raise _NoTestError(f"with new tests a right program takes {told}")

    def killed(self, added: Sequence[Test], survivors: Sequence[str]) -> int:
        """Count the survivors that fail all tests together."""
        return sum(map(_fails, self._judged(self._whole(added), survivors)))

    def column(self, added: Sequence[Test]) -> str:
        """Return the tests of the row with these after them."""
        return self._form.added(added)

    def _whole(self, added: Sequence[Test]) -> AnyTests:
        return self._form.read(self.column(added))

    def _judged(self, tests: AnyTests, programs: Sequence[str]) -> list[Result]:
        return self._programs.run(tests, programs)


def _fails(result: Result) -> bool:
    """Tell whether a program was judged and did not pass."""
    return not passed(result) and result.verdict is not Verdict.INFRA_ERROR


def _values(answers: Sequence[ProgramAnswer]) -> list[Any]:
    """Return what right programs answered. Raises `UnwritableTestError` where one did not."""
    for answer in answers:
        if answer.missing:
            raise UnwritableTestError(f"a right program {answer.missing}")
    return [answer.value for answer in answers]


def _chosen(kills: Sequence[set[int]]) -> list[int]:
    """Return few tests that kill what all of them do: the one that kills most of the rest."""
    left = set[int]().union(*kills)
    chosen: list[int] = []
    while left:
        best = max(range(len(kills)), key=lambda number: len(kills[number] & left))
        chosen.append(best)
        left -= kills[best]
    return chosen
