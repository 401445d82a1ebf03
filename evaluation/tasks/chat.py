"""HumanEval and MBPP as a user would ask: tasks of our own, for models that were taught to answer.

A strict task asks a model to continue text. A chat model that is asked so answers in prose, or not
at all, and its figure says little (34 against 72 on the same weights was reported). These ask in
the model's chat template and take the code out of the answer, with the tests and time limits of
the strict ones. Their figures stand beside each other and never beside the strict ones.
"""

from dataclasses import replace

from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.tasks.base import Task, TaskProblem
from whetstone.evaluation.tasks.humaneval import humaneval
from whetstone.evaluation.tasks.mbpp import SOURCE, mbpp
from whetstone.evaluation.tasks.source import Row

_FORM = "Answer with the whole program in one fenced Python block."


def humaneval_chat() -> Task:
    """Load HumanEval's problems as requests.

    The function's head with its docstring stands before the answer, which then may leave out the
    imports and helpers that it was given; the function that it defines replaces the empty one.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    strict = humaneval()
    problems = tuple(_completed(problem) for problem in strict.problems)
    return Task("humaneval_chat", problems, (), strict.timeout_s, chat=True)


def mbpp_chat() -> Task:
    """Load MBPP's test split as requests; the program is the answer alone.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    strict = mbpp()
    sentences = {f"mbpp/{row['task_id']}": row for row in SOURCE.rows()}
    problems = tuple(_written(problem, sentences[problem.id]) for problem in strict.problems)
    return Task("mbpp_chat", problems, (), strict.timeout_s, chat=True)


def _completed(problem: TaskProblem) -> TaskProblem:
    head = prompt_text(problem.prompt)
    return replace(
        problem,
        prompt=f"Complete this function.\n\n```python\n{head}\n```\n\n{_FORM}",
        prefix=head + "\n\n",
        reference=f"```python\n{head}{problem.reference}\n```",
    )


def _written(problem: TaskProblem, row: Row) -> TaskProblem:
    return replace(
        problem,
        prompt=f"{row['text']} Your code must pass this test:\n\n{row['test_list'][0]}\n\n{_FORM}",
        prefix="",
        reference=f"```python\n{problem.reference}\n```",
    )
