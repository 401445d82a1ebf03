"""DeepCoder's training set (Agentica 2025): 24,287 problems that were filtered by their solutions.

Its parts keep the layouts that they came in: TACO's has APPS' object of inputs and outputs, the
others a list of `{"input", "output", "testtype"}`, of which LiveCodeBench's are calls.
"""

from collections.abc import Mapping
from typing import Any

from whetstone.evaluation.public.cases import parsed
from whetstone.evaluation.public.input_output import tests_of
from whetstone.evaluation.public.livecodebench import listed_tests
from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.public.solutions import reference_and_more
from whetstone.evaluation.public.taco import mark
from whetstone.rewards.extract import extract_code

COLUMNS = frozenset({"problem", "tests"})


def deepcoder_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    starter, given = row.get("starter_code") or "", parsed(row["tests"], "tests")
    if isinstance(given, Mapping):
        tests, names = tests_of(given, starter)
    else:
        tests, names = listed_tests(given, _name(row), starter)
    reference, solutions = reference_and_more(extract_code(text) for text in _solutions(row))
    return PublicProblem(
        id=f"deepcoder/{mark(row['problem'])}",
        question=row["problem"],
        tests=tests,
        entry_points=names,
        starter=starter,
        checker=None if names else "lines",
        reference=reference,
        solutions=solutions,
    )


def _name(row: Row) -> str | None:
    metadata = parsed(row.get("metadata") or {}, "metadata")
    return metadata.get("func_name") if isinstance(metadata, Mapping) else None


def _solutions(row: Row) -> list[Any]:
    found = row.get("solutions") or []
    return [found] if isinstance(found, str) else list(found)
