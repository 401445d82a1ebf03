"""What a graded batch says, as numbers for the log, under `teacher/`.

A share that did not occur is 0 and not left out: TRL averages a metric over the batches that logged
it. A mean over nothing is left out.
"""

from collections.abc import Sequence
from statistics import fmean

from whetstone.rewards.teacher.ledger import Spending
from whetstone.rewards.teacher.prompts import Grade


def batch_metrics(
    grades: Sequence[Grade | None],
    asked: Sequence[bool],
    references: Sequence[Grade],
    before: Spending,
    after: Spending,
    seconds: float,
) -> dict[str, float]:
    """Return the metrics of one batch.

    Args:
        grades: One per completion; None where there is none.
        asked: Whether the teacher was to grade it.
        references: Grades of the teacher's own solutions.
        before: The run's spending before this batch,
        after: and after it.
        seconds: What the batch took.

    """
    known = [grade for grade in grades if grade is not None]
    unscored = sum(wanted and grade is None for wanted, grade in zip(asked, grades, strict=True))
    metrics = {
        "teacher/asked": sum(asked) / len(asked),
        "teacher/unscored": float(unscored),
        "teacher/calls": float(after.calls - before.calls),
        "teacher/total_calls": float(after.calls),
        "teacher/seconds": seconds,
    }
    answered = after.calls - before.calls + after.hits - before.hits
    if answered:
        metrics["teacher/cache_hits"] = (after.hits - before.hits) / answered
    if after.dollars is not None:
        metrics["teacher/total_dollars"] = after.dollars
    if known:
        metrics["teacher/score"] = fmean(grade.score for grade in known)
        metrics["teacher/manipulation"] = fmean(grade.manipulation for grade in known)
        for name in known[0].parts:
            metrics[f"teacher/{name}"] = fmean(grade.parts[name] for grade in known)
    if references:
        metrics["teacher/reference_score"] = fmean(grade.score for grade in references)
    return metrics
