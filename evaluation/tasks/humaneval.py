"""HumanEval (Chen et al. 2021, https://arxiv.org/abs/2107.03374): complete a function.

Prompts, stop words, tests and time limit are those of bigcode-evaluation-harness at 8fc5bae6, so
that our figures stand beside published ones. The prompt is stripped: with its last newline left on,
the same model scores differently.
"""

from whetstone.evaluation.entry_points import entry_points
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.tasks.source import Row, RowSource

SOURCE = RowSource(
    file="HumanEval.jsonl.gz",
    repository="openai/openai_humaneval",
    config=None,
    columns=frozenset({"task_id", "prompt", "canonical_solution", "test", "entry_point"}),
)
STOP = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>")
TIMEOUT_S = 3.0


def humaneval() -> Task:
    """Load the 164 problems.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    problems = tuple(humaneval_problem(row, row["prompt"].strip()) for row in SOURCE.rows())
    return Task("humaneval", problems, STOP, TIMEOUT_S)


def humaneval_unstripped() -> Task:
    """Load the 164 problems with the last newline of their prompts left on."""
    problems = tuple(humaneval_problem(row, row["prompt"]) for row in SOURCE.rows())
    return Task("humaneval-unstripped", problems, STOP, TIMEOUT_S)


def humaneval_problem(row: Row, prompt: str) -> TaskProblem:
    """Make a problem from a row of HumanEval, or of a set in its layout."""
    tests = "\n" + row["test"] + "\n" + f"check({row['entry_point']})"
    # The published solution continues the unstripped prompt, which ends in a newline.
    reference = row["canonical_solution"]
    if not prompt.endswith("\n"):
        reference = "\n" + reference
    return TaskProblem(
        id=row["task_id"],
        prompt=prompt,
        tests=tests,
        prefix=prompt,
        entry_points=entry_points(prompt + reference, tests),
        reference=reference,
    )
