"""CodeContests (Li et al. 2022, arXiv 2203.07814): AlphaCode's problems, with wrong solutions.

Tests are the public, the private and the generated ones, in that order. Problems that read or write
files are left out; of the solutions only those in Python 3 are kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whetstone.evaluation.public.cases import stdio_tests
from whetstone.evaluation.public.problem import PublicProblem, Row, UnjudgeableError
from whetstone.evaluation.public.solutions import is_python, reference_and_more

COLUMNS = frozenset(
    {"name", "description", "public_tests", "private_tests", "generated_tests", "solutions"}
    | {"incorrect_solutions", "difficulty", "source", "time_limit", "memory_limit_bytes"}
    | {"input_file", "output_file"}
)

_PYTHON3 = 3
_TOLERANCE = 1e-5
"""That of its own comparison of outputs."""
_SOURCES = ("", "codechef", "codeforces", "hackerearth", "codejam", "atcoder", "aizu")
_DIFFICULTIES = (
    *("", "easy", "medium", "hard", "harder", "hardest", "external"),
    *"ABCDEFGHIJKLMNOPQRSTUV",
)
"""The words of its numbers; the letters are places in a contest of Codeforces."""


def code_contests_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    if row["input_file"] or row["output_file"]:
        raise UnjudgeableError("reads or writes files")
    memory = row["memory_limit_bytes"]
    reference, solutions = reference_and_more(_in_python(row["solutions"]))
    return PublicProblem(
        id=f"code_contests/{row['name']}",
        question=row["description"],
        tests=stdio_tests(
            pair
            for kind in ("public_tests", "private_tests", "generated_tests")
            for pair in _pairs(row[kind])
        ),
        checker="floats",
        tolerance=_TOLERANCE,
        timeout_s=_seconds(row["time_limit"]),
        memory_mb=memory // 2**20 if memory else None,
        reference=reference,
        solutions=solutions,
        wrong=tuple(filter(is_python, _in_python(row["incorrect_solutions"]))),
        difficulty=_word(_DIFFICULTIES, row["difficulty"]),
        source=_word(_SOURCES, row["source"]),
    )


def _pairs(tests: Mapping[str, Sequence[str]] | None) -> Iterator[tuple[str, str]]:
    if tests:
        yield from zip(tests["input"], tests["output"], strict=True)


def _in_python(solutions: Mapping[str, Sequence[Any]] | None) -> Iterator[str]:
    if solutions:
        for language, text in zip(solutions["language"], solutions["solution"], strict=True):
            if language == _PYTHON3:
                yield text


def _seconds(limit: Mapping[str, int] | None) -> float | None:
    seconds = limit["seconds"] + limit["nanos"] / 1e9 if limit else 0
    return seconds or None


def _word(words: Sequence[str], number: int | str | None) -> str:
    """Return the word of a number; a word, as other copies of the set have it, stays one."""
    if isinstance(number, str):
        return number.lower()
    return words[number] if number is not None and 0 <= number < len(words) else ""
