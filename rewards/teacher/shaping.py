"""From scores to rewards: the only place where a grade becomes a number that trains."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

from whetstone.rewards.teacher.settings import Pay


def pay(
    how: Pay,
    student: float | None,
    teacher: float | None,
    epsilon: float,
    cap: float,
) -> float | None:
    """Return the reward of one completion by its score and its reference's.

    A ratio of 0 is 0 whatever the reference is worth. `Pay.RANK` is not for one: see `ranks`.

    Args:
        how: Which function of the two scores.
        student: The completion's score, 0 to 1; None where it could not be judged.
        teacher: The reference's score, 0 to 1; None where there is none.
        epsilon: Added to the reference's score, so that no ratio is divided by zero.
        cap: The most that a ratio can be.

    Returns:
        The reward; None where a score that it needs is missing, so that the sample is masked.

    """
    if how is Pay.RATIO and student == 0:
        return 0.0
    if student is None or (how is not Pay.SCORE and teacher is None):
        return None
    if how is Pay.SCORE or teacher is None:
        return student
    if how is Pay.DIFFERENCE:
        return student - teacher
    return min(student / (teacher + epsilon), cap)


def ranks(groups: Sequence[Hashable], scores: Sequence[float | None]) -> list[float | None]:
    """Return, for each completion, the share of its group's others that score less.

    An equal one counts as half. One that is alone gets 0.5, one without a score None.
    """
    members: defaultdict[Hashable, list[float]] = defaultdict(list)
    for group, score in zip(groups, scores, strict=True):
        if score is not None:
            members[group].append(score)
    return [
        None if score is None else _rank(score, members[group])
        for group, score in zip(groups, scores, strict=True)
    ]


def _rank(score: float, group: Sequence[float]) -> float:
    others = len(group) - 1
    if not others:
        return 0.5
    below = sum(other < score for other in group)
    equal = sum(other == score for other in group) - 1
    return (below + equal / 2) / others
