"""What a model is asked about a public problem: the question, then what to answer with.

One wording for all data sets, so that figures of two of them differ by their problems alone. It is
said to a chat model as it is; text that a base model continues ends inside a fenced block, where
the program begins.
"""

from whetstone.evaluation.public.problem import PublicProblem

STOP = ("\n```",)
"""Where the program of a text prompt ends."""

_READS = "Write a Python program that reads standard input and prints the answer."
_ANSWER = "Answer with the whole program in one fenced Python block."
_OPENED = "```python\n"


def question_prompt(problem: PublicProblem) -> str:
    """Return what a user says."""
    if problem.starter.strip():
        task = f"Begin with this code:\n\n{_OPENED}{problem.starter.strip()}\n```"
    elif problem.entry_points:
        names = " and ".join(f"`{name}`" for name in problem.entry_points)
        task = f"Write Python code that defines {names}."
    else:
        task = _READS
    return f"{problem.question.strip()}\n\n{task}\n\n{_ANSWER}"


def continued_prompt(problem: PublicProblem) -> str:
    """Return text that goes on with the program."""
    return f"{question_prompt(problem)}\n\n{_OPENED}"


def fenced(program: str) -> str:
    """Return an answer that is this program."""
    return f"{_OPENED}{program.rstrip()}\n```"
