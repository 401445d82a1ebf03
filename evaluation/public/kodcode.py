"""KodCode (Xu et al. 2025, arXiv 2503.02951): synthetic problems, with tests written for pytest.

Tests import the program as `solution`, which the sandbox understands, as it does functions
`test_...` that nobody calls. Of pytest only `raises` is done without the package. Its licence
allows no commercial use. How often a model solved a problem is kept as its difficulty.
"""

from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.public.pytest_raises import without_pytest
from whetstone.evaluation.public.solutions import first_python

COLUMNS = frozenset({"question_id", "question", "solution", "test", "test_info"})


def kodcode_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    functions = row["test_info"] or []
    declared = [info["function_declaration"] for info in functions]
    return PublicProblem(
        id=f"kodcode/{row['question_id']}",
        question=row["question"],
        tests=without_pytest(row["test"]),
        entry_points=tuple(dict.fromkeys(info["function_name"] for info in functions)),
        starter="\n".join(text.strip() for text in declared if text),
        reference=first_python([row["solution"]]),
        difficulty=row.get("gpt_difficulty") or "",
        source=row.get("subset") or "",
    )
