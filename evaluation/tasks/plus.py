"""HumanEval+ and MBPP+ (Liu et al. 2023, https://openreview.net/forum?id=1qvx610Cu7): more tests.

Prompts, references and time limits are those of bigcode-evaluation-harness at 8fc5bae6; the rows
are those of the Hub's data sets, one JSON object a line in the data folder. Their tests are freed
of numpy (`whetstone.evaluation.without_numpy`).
"""

from whetstone.evaluation.entry_points import entry_points
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.tasks.humaneval import STOP as HUMANEVAL_STOP
from whetstone.evaluation.tasks.humaneval import humaneval_problem
from whetstone.evaluation.tasks.mbpp import STOP as MBPP_STOP
from whetstone.evaluation.tasks.mbpp import docstring_prompt
from whetstone.evaluation.tasks.source import Row, RowSource
from whetstone.evaluation.without_numpy import without_numpy

HUMANEVAL_PLUS = RowSource(
    file="humanevalplus.jsonl.gz",
    repository="evalplus/humanevalplus",
    config=None,
    columns=frozenset({"task_id", "prompt", "canonical_solution", "test", "entry_point"}),
)
MBPP_PLUS = RowSource(
    file="mbppplus.jsonl.gz",
    repository="evalplus/mbppplus",
    config=None,
    columns=frozenset({"task_id", "prompt", "code", "test_list", "test"}),
)
HUMANEVAL_PLUS_TIMEOUT_S = 20.0
MBPP_PLUS_TIMEOUT_S = 10.0


def humanevalplus() -> Task:
    """Load HumanEval+'s 164 problems.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    rows = [{**row, "test": without_numpy(row["test"])} for row in HUMANEVAL_PLUS.rows()]
    problems = tuple(humaneval_problem(row, row["prompt"].strip()) for row in rows)
    return Task("humanevalplus", problems, HUMANEVAL_STOP, HUMANEVAL_PLUS_TIMEOUT_S)


def mbppplus() -> Task:
    """Load MBPP+'s problems (399, 378 in later versions of the data).

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    problems = tuple(_mbpp_plus_problem(row) for row in MBPP_PLUS.rows())
    return Task("mbppplus", problems, MBPP_STOP, MBPP_PLUS_TIMEOUT_S)


def _mbpp_plus_problem(row: Row) -> TaskProblem:
    prompt = docstring_prompt(row["prompt"], row["test_list"][0])
    tests = without_numpy("\n" + row["test"])
    return TaskProblem(
        id=f"mbppplus/{row['task_id']}",
        prompt=prompt,
        tests=tests,
        prefix=prompt,
        entry_points=entry_points(row["code"], tests),
        reference=row["code"],
    )
