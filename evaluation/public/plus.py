"""HumanEval+ and MBPP+ (Liu et al. 2023) as problems that are asked for, and answered in whole.

To continue their prompts as text, and for figures beside published ones, there are the tasks of the
same names (`whetstone.evaluation.tasks.plus`).
"""

from whetstone.evaluation.entry_points import entry_points
from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.without_numpy import without_numpy

HUMANEVAL_COLUMNS = frozenset({"task_id", "prompt", "canonical_solution", "test", "entry_point"})
MBPP_COLUMNS = frozenset({"task_id", "prompt", "code", "test_list", "test"})


def humanevalplus_problem(row: Row) -> PublicProblem:
    """Make a problem of a row of HumanEval+. Raises `UnjudgeableError`."""
    tests = f"{without_numpy(row['test']).rstrip()}\n\ncheck({row['entry_point']})\n"
    reference = row["prompt"] + row["canonical_solution"]
    return PublicProblem(
        id=f"humanevalplus/{row['task_id']}",
        question="Complete this function.",
        tests=tests,
        entry_points=entry_points(reference, tests),
        starter=row["prompt"].strip(),
        reference=reference,
        source="humaneval",
    )


def mbppplus_problem(row: Row) -> PublicProblem:
    """Make a problem of a row of MBPP+. Raises `UnjudgeableError`."""
    tests = without_numpy("\n" + row["test"])
    return PublicProblem(
        id=f"mbppplus/{row['task_id']}",
        question=f"{row['prompt'].strip()} Your code must pass this test:\n\n{row['test_list'][0]}",
        tests=tests,
        entry_points=entry_points(row["code"], tests),
        reference=row["code"],
        source="mbpp",
    )
