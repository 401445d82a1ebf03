"""BigCodeBench (Zhuo et al. 2024, arXiv 2406.15877): tasks that need packages, tested by unittest.

What a task needs it names (`libs`); a problem whose packages are not given to the sandbox is left
out, and never failed for it.
"""

from whetstone.evaluation.public.problem import PublicProblem, Row

COLUMNS = frozenset(
    {"task_id", "instruct_prompt", "code_prompt", "canonical_solution", "test", "entry_point"}
)


def bigcodebench_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    return PublicProblem(
        id=f"bigcodebench/{row['task_id']}",
        question=row["instruct_prompt"],
        tests=row["test"],
        entry_points=(row["entry_point"],),
        reference=row["code_prompt"] + row["canonical_solution"],
    )
