"""MBPP (Austin et al. 2021, https://arxiv.org/abs/2108.07732): a function from one sentence.

The form is that of bigcode-evaluation-harness at 8fc5bae6, zero-shot as in InCoder: the sentence
and the first test in a docstring. Set-up code and challenge tests are ignored, as they are there;
that and the stop words cost the published solutions 2 of the 500 test problems.
"""

from collections.abc import Mapping
from types import MappingProxyType

from whetstone.evaluation.entry_points import entry_points
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.tasks.source import Row, RowSource

SOURCE = RowSource(
    file="mbpp.jsonl.gz",
    repository="google-research-datasets/mbpp",
    config="full",
    columns=frozenset({"task_id", "text", "code", "test_list"}),
)
STOP = ("\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```")
TIMEOUT_S = 3.0
# By task_id, as the paper cut them; the file itself does not say.
SPLITS: Mapping[str, range] = MappingProxyType(
    {
        "prompt": range(1, 11),
        "test": range(11, 511),
        "validation": range(511, 601),
        "train": range(601, 975),
    }
)


def mbpp() -> Task:
    """Load the 500 problems of the test split.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    return Task("mbpp", mbpp_problems("test"), STOP, TIMEOUT_S)


def mbpp_validation() -> Task:
    """Load the 90 problems of the validation split: to look at while training, not to report.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    return Task("mbpp_validation", mbpp_problems("validation"), STOP, TIMEOUT_S)


def mbpp_problems(split: str) -> tuple[TaskProblem, ...]:
    """Load one split, in the order of task_id: prompt 10, test 500, validation 90, train 374.

    Raises:
        ValueError: for another split.
        DataUnavailable: when the rows are neither in the data folder nor on the Hub.

    """
    if split not in SPLITS:
        raise ValueError(f"mbpp has no split {split!r}: choose one of {', '.join(SPLITS)}")
    rows = (row for row in SOURCE.rows() if row["task_id"] in SPLITS[split])
    return tuple(mbpp_problem(row) for row in sorted(rows, key=lambda row: int(row["task_id"])))


def mbpp_problem(row: Row) -> TaskProblem:
    """Make a problem from a row of MBPP."""
    prompt = docstring_prompt(row["text"], row["test_list"][0])
    tests = "\n".join(row["test_list"])
    return TaskProblem(
        id=f"mbpp/{row['task_id']}",
        prompt=prompt,
        tests=tests,
        prefix=prompt,
        entry_points=entry_points(row["code"], tests),
        reference=row["code"],
    )


def docstring_prompt(sentence: str, test: str) -> str:
    """Put a sentence and a test into a docstring, as InCoder's authors did."""
    return f'"""\n{sentence}\n{test}\n"""\n'
