"""Names that tests want of a program, and that its prompt does not tell it.

Most often a helper of the data set that was left out. No right program passes, and none can be
told from one that leaves its own work out, so such programs are failures; the start of a run says
which problems are like that.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from whetstone.rewards.sandbox.statements import compile_tests
from whetstone.rewards.tiers import TestedProblem

_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def describe_unnamed(
    problems: Sequence[TestedProblem], columns: Mapping[str, Sequence[Any]]
) -> str | None:
    """Say of how many problems the prompt does not name what their tests want; None of none.

    A problem whose reference is known says so itself: it passes or fails.

    Args:
        problems: Those of a data set, in its order.
        columns: Its columns; `prompt`, `prefix` and `entry_points` are read where they are there.

    """
    prompts = columns.get("prompt")
    if prompts is None:
        return None
    texts = zip(prompts, columns.get("prefix") or [None] * len(prompts), strict=True)
    found = {
        row: names
        for row, (problem, (prompt, prefix)) in enumerate(zip(problems, texts, strict=True), 1)
        if problem.reference is None
        and (names := _unnamed(problem, f"{_text(prompt)}\n{prefix or ''}"))
    }
    if not found:
        return None
    row, names = next(iter(found.items()))
    return (
        f"of {len(found)} the tests call names that neither they nor the prompt show, so that no"
        f" program is likely to pass: {', '.join(names)} in row {row}"
    )


def _unnamed(problem: TestedProblem, shown: str) -> list[str]:
    if not isinstance(problem.tests, str):
        return []
    try:
        wanted = compile_tests(problem.tests, problem.entry_points).names
    except _UNREADABLE:
        return []  # told where it is run
    return sorted(name for name in set(wanted) if not re.search(rf"\b{re.escape(name)}\b", shown))


def _text(prompt: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    return "\n".join(str(message.get("content") or "") for message in prompt)
