"""APPS (Hendrycks et al. 2021, arXiv 2105.09938): 10,000 problems of contests and exercises."""

from whetstone.evaluation.public.cases import parsed
from whetstone.evaluation.public.input_output import tests_of
from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.public.solutions import reference_and_more

COLUMNS = frozenset({"question", "solutions", "input_output", "difficulty", "starter_code"})


def apps_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    starter = row["starter_code"] or ""
    tests, names = tests_of(row["input_output"], starter)
    published = parsed(row["solutions"], "solutions") if row["solutions"] else ()
    reference, solutions = reference_and_more(published)
    return PublicProblem(
        id=f"apps/{row.get('problem_id', row.get('id'))}",
        question=row["question"],
        tests=tests,
        entry_points=names,
        starter=starter,
        checker=None if names else "lines",
        reference=reference,
        solutions=solutions,
        difficulty=row["difficulty"] or "",
        source=row.get("url") or "",
    )
