"""A task is problems, stop words and a time limit; nothing here knows where they came from.

Every task is turned into programs by the one function below, so that two tasks cannot differ in
how a completion is cut.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Literal

from whetstone.evaluation.prompt import Prompt
from whetstone.rewards.entry_points import names_asked
from whetstone.rewards.extract import code_of_answer, cut_at_stop
from whetstone.rewards.sandbox import AnyTests, Job

Language = Literal["python", "cpp", "rust", "java"]


@dataclass(frozen=True, slots=True)
class TaskProblem:
    """One problem of a task.

    `prompt` goes to the model: text, or the messages of a chat. `prefix` stands before the
    completion in the program, "" when the model writes the whole of it. `tests` is source that
    fails when the program is wrong, or inputs and outputs of a program that reads its input.
    `entry_points` are the names that the program has to supply to the tests, () where that is not
    known. `reference` is a completion that is right, where known. `difficulty` is a word of the
    data set, "" where it says none.
    """

    id: str
    prompt: Prompt
    tests: AnyTests
    prefix: str = ""
    entry_points: tuple[str, ...] = ()
    reference: str | None = None
    difficulty: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Problems that are measured together; `timeout_s` is wall seconds for one program.

    With `chat`, a prompt is what a user says: it goes through the model's chat template, and the
    program is taken out of the answer as rewards take it. `language` is that of programs and tests.
    `closing` is what stop words cut off the end of a program, and the head of the tests. `packages`
    are installed ones that programs and tests may import.

    Raises:
        ValueError: without problems, or when two share an id, because samples are kept by id.

    """

    name: str
    problems: tuple[TaskProblem, ...]
    stop: tuple[str, ...]
    timeout_s: float
    chat: bool = False
    language: Language = "python"
    closing: str = ""
    packages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.problems:
            raise ValueError(f"task {self.name!r} holds no problems")
        if len({problem.id for problem in self.problems}) < len(self.problems):
            raise ValueError(f"task {self.name!r} holds problems that share an id")


def tests_text(tests: AnyTests) -> str:
    """Return tests as text, as files of references hold them: inputs and outputs as JSON."""
    if isinstance(tests, str):
        return tests
    return json.dumps([asdict(case) for case in tests.cases], ensure_ascii=False)


def build_program(task: Task, problem: TaskProblem, completion: str) -> str:
    """Return the program that is judged: the prefix, and what counts of the completion.

    Args:
        task: What the problem belongs to: stop strings, language, time limit.
        problem: One of its problems.
        completion: What the model wrote after the prompt.

    """
    return problem.prefix + code_of(task, problem, completion)


def code_of(task: Task, problem: TaskProblem, completion: str) -> str:
    """Return what counts of a completion: of an answer its program, as rewards take it.

    Args:
        task: What the problem belongs to: stop strings, language, time limit.
        problem: One of its problems.
        completion: What the model wrote after the prompt.

    """
    if not task.chat:
        return cut_at_stop(completion, task.stop)
    names: Collection[str] = ()
    if task.language == "python" and isinstance(problem.tests, str):
        names = names_asked(problem.tests, problem.entry_points)
    return code_of_answer(completion, task.language, names)


def job(task: Task, problem: TaskProblem, program: str) -> Job:
    """Return what the sandbox is asked about a program.

    A helper that the prompt defines and the program replaces is the program's, as in the harness; a
    reward gives its tests copies of their own (`whetstone.rewards.sandbox.helpers`).

    Args:
        task: What the problem belongs to: its time limit, in seconds.
        problem: One of its problems, with the tests.
        program: The whole program, as `build_program` returns it.

    """
    return Job(
        program=program,
        tests=problem.tests,
        timeout_s=task.timeout_s,
        entry_points=problem.entry_points or None,
    )
