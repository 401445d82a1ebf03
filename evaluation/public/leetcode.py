"""LeetCodeDataset (Xia et al. 2025, arXiv 2504.14655): LeetCode's problems, with dates.

A program is the column `prompt` (imports, and the classes of lists and trees), then the answer; the
tests are a function `check`, which is called with the method.
"""

from whetstone.evaluation.public.leetcode_nodes import with_nodes
from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.public.solutions import first_python

COLUMNS = frozenset(
    {"task_id", "problem_description", "starter_code", "prompt", "completion", "entry_point"}
    | {"test", "difficulty"}
)


def leetcode_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    published = f"{row['test'].rstrip()}\n\ncheck({row['entry_point']})\n"
    tests, builders = with_nodes(row["prompt"], published)
    return PublicProblem(
        id=f"leetcode/{row['task_id']}",
        question=row["problem_description"],
        tests=tests,
        entry_points=(row["entry_point"], *builders),
        starter=row["starter_code"] or "",
        prefix=f"{row['prompt'].rstrip()}\n\n",
        reference=first_python([row["completion"]]),
        difficulty=(row["difficulty"] or "").lower(),
        source="leetcode",
        date=str(row.get("estimated_date") or "")[:10],
    )
