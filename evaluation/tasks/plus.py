"""HumanEval+ and MBPP+ (Liu et al. 2023, https://openreview.net/forum?id=1qvx610Cu7): more tests.

Prompts, references and time limits are those of bigcode-evaluation-harness at 8fc5bae6; the rows
are those of the Hub's data sets, one JSON object a line in the data folder. Their tests import
numpy to compare floats, and the sandbox has the standard library only: that one import is replaced
by the few comparisons that they use, over numbers and nested sequences of them.
"""

from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.tasks.entry_points import entry_points
from whetstone.evaluation.tasks.humaneval import STOP as HUMANEVAL_STOP
from whetstone.evaluation.tasks.humaneval import humaneval_problem
from whetstone.evaluation.tasks.mbpp import STOP as MBPP_STOP
from whetstone.evaluation.tasks.mbpp import docstring_prompt
from whetstone.evaluation.tasks.source import Row, RowSource

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

_IMPORT = "import numpy as np\n"
# numpy.allclose compares as |actual - desired| <= atol + rtol * |desired|, and equal infinities as
# equal; assert_allclose takes a NaN for equal to a NaN, allclose does not.
_COMPARISONS = """
class np:
    class ndarray: ...
    float32 = float64 = object()
    @staticmethod
    def allclose(actual, desired, rtol=1e-05, atol=1e-08, equal_nan=False):
        if isinstance(desired, (list, tuple)) or isinstance(actual, (list, tuple)):
            if not isinstance(desired, (list, tuple)):
                return all(np.allclose(a, desired, rtol, atol, equal_nan) for a in actual)
            if not isinstance(actual, (list, tuple)):
                return all(np.allclose(actual, d, rtol, atol, equal_nan) for d in desired)
            if len(actual) != len(desired):
                raise ValueError("sequences of different lengths")
            return all(
                np.allclose(a, d, rtol, atol, equal_nan) for a, d in zip(actual, desired)
            )
        if actual == desired or (equal_nan and actual != actual and desired != desired):
            return True
        difference = abs(actual - desired)
        return difference <= atol + rtol * abs(desired) < float("inf")
    class testing:
        @staticmethod
        def assert_allclose(actual, desired, rtol=1e-07, atol=0, equal_nan=True):
            assert np.allclose(actual, desired, rtol, atol, equal_nan)
"""


def humanevalplus() -> Task:
    """Load HumanEval+'s 164 problems.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    rows = [{**row, "test": _without_numpy(row["test"])} for row in HUMANEVAL_PLUS.rows()]
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
    tests = _without_numpy("\n" + row["test"])
    return TaskProblem(
        id=f"mbppplus/{row['task_id']}",
        prompt=prompt,
        tests=tests,
        prefix=prompt,
        entry_points=entry_points(row["code"], tests),
        reference=row["code"],
    )


def _without_numpy(tests: str) -> str:
    return tests.replace(_IMPORT, _COMPARISONS, 1)
