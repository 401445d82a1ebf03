"""A batch as a trainer hands it over, turned into what a teacher is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whetstone.rewards.base import Completion
from whetstone.rewards.composition import Board
from whetstone.rewards.sandbox.verdict import Verdict
from whetstone.rewards.teacher.teacher import TeacherTask

DEFAULT_LANGUAGE = "python"


@dataclass(frozen=True)
class Item:
    """One completion."""

    task: TeacherTask
    program: str
    verdict: str | None
    """Of the reward that was asked before, where one was."""
    asked: bool
    """Whether the teacher is to grade it."""

    @property
    def empty(self) -> bool:
        """Whether there is no program to grade."""
        return not self.program.strip()

    @property
    def unjudged(self) -> bool:
        """Whether the reward before could not judge it, so that it is masked anyway."""
        return self.verdict == Verdict.INFRA_ERROR


def read_batch(
    prompts: Sequence[Any],
    completions: Sequence[Completion],
    written: Sequence[str],
    language: Sequence[str | None] | None,
    board: Board,
    when: str | None,
) -> list[Item]:
    """Return one item per completion; `written` are their programs.

    Raises:
        LookupError: `when` names a reward that was not asked before this one.

    """
    count = len(prompts)
    verdicts: Sequence[str | None] = [None] * count
    wanted: str | None = None
    if when is not None:
        reward, _, wanted = when.partition(".")
        verdicts = board.read(reward, prompts, completions)
    return [
        Item(
            TeacherTask(prompt_text(prompt), words or DEFAULT_LANGUAGE),
            program,
            verdict,
            asked=wanted is None or verdict == wanted,
        )
        for prompt, program, words, verdict in zip(
            prompts, written, language or [DEFAULT_LANGUAGE] * count, verdicts, strict=True
        )
    ]


def prompt_text(prompt: Any) -> str:
    """Return a prompt as text; of a conversation, its messages with their roles."""
    if isinstance(prompt, str):
        return prompt
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in prompt)


def to_grade(items: Sequence[Item], *, with_empty: bool) -> dict[TeacherTask, list[str]]:
    """Return the different programs of each task that the teacher is to grade.

    Args:
        items: The batch.
        with_empty: Also name tasks whose completions are all empty, which need a reference.

    """
    programs: dict[TeacherTask, dict[str, None]] = {}
    for item in items:
        if item.asked and (with_empty or not item.empty):
            several = programs.setdefault(item.task, {})
            if not item.empty:
                several[item.program] = None
    return {task: list(several) for task, several in programs.items()}
