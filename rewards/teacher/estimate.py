"""What a run will cost at most, before it begins."""

import math
from collections.abc import Sequence

from whetstone.rewards.teacher.prompts import GradingRequest, solving
from whetstone.rewards.teacher.request import Request, Usage
from whetstone.rewards.teacher.settings import Pay, TeacherSettings

_CHARACTERS_PER_TOKEN = 4
"""Of a program: more than in `request`, so that the estimate is rather too high."""


def estimate(
    config: TeacherSettings,
    tasks: Sequence[str],
    language: str,
    completions: tuple[int, int],
    tokens: int,
) -> str:
    """Say what grading will cost at most: nothing cached, every answer as long as it may be.

    What is asked again after an answer of no use comes on top.

    Args:
        config: Of the teacher.
        tasks: The prompts that the run may see.
        language: Of the programs.
        completions: How many groups will be graded, and how many programs are in one.
        tokens: Length of a completion, at most.

    """
    groups, group = completions
    together = min(config.together, group)
    program = "x" * (tokens * _CHARACTERS_PER_TOKEN)
    longest = max(tasks, key=len, default="")
    several = [f"{program}{n}" for n in range(together)]
    grading = GradingRequest(config.rubric, longest, language, several, config.grade_tokens).request
    asked = [(grading, groups * math.ceil(group / together))]
    if config.reward in {Pay.RATIO, Pay.DIFFERENCE}:
        seen = min(len(tasks), groups)
        solution = "x" * (config.solution_tokens * _CHARACTERS_PER_TOKEN)
        own = GradingRequest(
            config.rubric, longest, language, [solution], config.grade_tokens
        ).request
        asked += [(solving(longest, language, config.solution_tokens), seen), (own, seen)]
    calls = sum(count for _, count in asked)
    parts = [f"teacher {config.model}: at most {calls:,} calls", _dollars(config, asked)]
    return ", ".join(parts) + _against_budget(config, calls, asked)


def _dollars(config: TeacherSettings, asked: Sequence[tuple[Request, int]]) -> str:
    if config.price is None:
        return "cost unknown (prices has no entry for it)"
    return f"${_sum(config, asked):,.2f} at prices as of {config.price.as_of}"


def _sum(config: TeacherSettings, asked: Sequence[tuple[Request, int]]) -> float:
    price = config.price
    if price is None:
        return 0.0
    return sum(count * price.dollars(_worst(request)) for request, count in asked)


def _worst(request: Request) -> Usage:
    return request.worst_case()


def _against_budget(
    config: TeacherSettings, calls: int, asked: Sequence[tuple[Request, int]]
) -> str:
    """Say whether the budget could end the run."""
    limit = config.budget
    short = (limit.calls is not None and calls > limit.calls) or (
        limit.dollars is not None and _sum(config, asked) > limit.dollars
    )
    told = [f"{limit.calls:,} calls"] if limit.calls is not None else []
    told += [f"${limit.dollars:,.2f}"] if limit.dollars is not None else []
    if not told:
        return "; no budget is set"
    return f"; the budget of {' and '.join(told)} " + ("may end it early" if short else "covers it")
