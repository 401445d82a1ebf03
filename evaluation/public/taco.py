"""TACO (Li et al. 2023, arXiv 2312.14852): 26,443 problems, APPS and CodeContests among them.

Limits are text ("2.0 seconds", "256.0 megabytes"), and rows have no id: it is the problem's
address, or a mark of its question.
"""

import re
from hashlib import sha256

from whetstone.evaluation.public.cases import parsed
from whetstone.evaluation.public.input_output import tests_of
from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.public.solutions import reference_and_more

COLUMNS = frozenset({"question", "solutions", "input_output", "difficulty", "starter_code"})

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(second|millisecond|megabyte|kilobyte|byte)s?\b")
_UNITS = {"second": 1, "millisecond": 1e-3, "megabyte": 1, "kilobyte": 2**-10, "byte": 2**-20}
"""To seconds, and to megabytes."""


def taco_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    starter = row["starter_code"] or ""
    tests, names = tests_of(row["input_output"], starter)
    published = parsed(row["solutions"], "solutions") if row["solutions"] else ()
    reference, solutions = reference_and_more(published)
    memory_mb = quantity(row.get("memory_limit"))
    return PublicProblem(
        id=f"taco/{row.get('url') or mark(row['question'])}",
        question=row["question"],
        tests=tests,
        entry_points=names,
        starter=starter,
        checker=None if names else "lines",
        timeout_s=quantity(row.get("time_limit")),
        memory_mb=None if memory_mb is None else int(memory_mb),
        reference=reference,
        solutions=solutions,
        difficulty=row["difficulty"] or "",
        source=row.get("source") or "",
    )


def quantity(text: str | None) -> float | None:
    """Return seconds, or megabytes, that a text says; None where it says none, or 0."""
    found = _QUANTITY.match(text or "")
    return float(found[1]) * _UNITS[found[2]] or None if found else None


def mark(question: str) -> str:
    """Return what tells a question from others, where rows have no id."""
    return sha256(question.encode(errors="replace")).hexdigest()[:16]
