"""A problem of a public data set, in the one form that all of them are brought to."""

import re
from dataclasses import dataclass
from typing import Any

from whetstone.rewards.stdio.tests import WrongTestsError, read_tests
from whetstone.rewards.tests_source import LIBRARY, plainly_judge, wrong_tests

Row = dict[str, Any]
"""A row as its data set publishes it."""

_INTERACTIVE = re.compile(r"\b(?:this is|is) an interactive (?:problem|task)\b", re.IGNORECASE)


class UnjudgeableError(ValueError):
    """A row that the sandbox cannot judge fairly; the message is a few words, since it is counted.

    It is left out, and never guessed at.
    """


@dataclass(frozen=True, slots=True)
class PublicProblem:
    """One problem.

    Attributes:
        id: unique in its data set.
        question: what is asked, as the data set words it.
        tests: Python source, or JSON text of a list of `{"input", "output"}` or
            `{"args", "expected"}`, as rows of training hold them.
        entry_points: what is called; () for a program that reads standard input.
        starter: code that the answer begins with, "" without any.
        checker: how outputs are compared (`whetstone.rewards.sandbox.StdioTests`), or the source of
            a checker; None for tests that are no inputs and outputs.
        tolerance: that of the checker `floats`.
        timeout_s: seconds for each test, where the data set says.
        memory_mb: megabytes for each test, where the data set says.
        prefix: source that stands before every answer: imports that the data set provides.
        reference: a whole program that is right, where the data set has one in Python 3.
        solutions: further programs that the data set takes for right, in whatever Python.
        wrong: programs that the data set knows to be wrong.
        difficulty: in the words of the data set, "" where it says none.
        source: where the data set took it from, "" where it does not say.
        date: when it was published, as ISO 8601 begins, "" where that is not known.

    """

    id: str
    question: str
    tests: str
    entry_points: tuple[str, ...] = ()
    starter: str = ""
    checker: str | None = None
    tolerance: float | None = None
    timeout_s: float | None = None
    memory_mb: int | None = None
    prefix: str = ""
    reference: str | None = None
    solutions: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    difficulty: str = ""
    source: str = ""
    date: str = ""


def require_judgeable(problem: PublicProblem, modules: frozenset[str] = LIBRARY) -> None:
    """Refuse a problem that no program could be judged by, if tests can import these modules.

    Raises `UnjudgeableError`.
    """
    if not problem.question.strip():
        raise UnjudgeableError("no question")
    if _INTERACTIVE.search(problem.question):
        raise UnjudgeableError("interactive")
    try:
        tests = read_tests(problem.tests, problem.entry_points, problem.checker)
    except WrongTestsError as error:
        raise UnjudgeableError("tests that cannot judge a program") from error
    if not isinstance(tests, str):
        return
    asked = tests, problem.prefix, problem.entry_points
    if plainly_judge(*asked, modules):
        return
    for reason in wrong_tests(*asked, modules):
        raise UnjudgeableError(f"tests that cannot judge a program ({reason})")
