"""The outcome of a run in words and rows, the same on the page and in the terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from finetuning.report.read import Run, Scores

HEADLINE_MEASURE = "pass@1"
_TENTHS_BELOW = 10
_MINUTE = 60
_HOUR = 3600


@dataclass(frozen=True)
class Comparison:
    """One measure on one task before and after the run, ready to print."""

    task: str
    measure: str
    before: str
    after: str
    difference: str


def headline(run: Run) -> str:
    """Say in one sentence what happened: held-out scores if measured, else reward, else loss."""
    clauses = _score_clauses(run) or _reward_clauses(run) or _loss_clauses(run)
    if not clauses:
        return "No step was logged, so there is nothing to compare."
    steps = "1 step" if run.steps == 1 else f"{run.steps:,} steps"
    return f"{', '.join(clauses)} in {steps}."


def comparisons(run: Run) -> tuple[Comparison, ...]:
    """Compare every measure of every task; what was measured once has an empty other side."""
    before, after = run.summary.before or {}, run.summary.after or {}
    return tuple(
        _compare(task, measure, before, after)
        for task in _union(before, after)
        for measure in _union(before.get(task, {}), after.get(task, {}))
    )


def duration(seconds: float) -> str:
    """Write seconds as a person would: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if round(seconds, 1) < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def _score_clauses(run: Run) -> list[str]:
    before, after = run.summary.before or {}, run.summary.after or {}
    return [
        f"{HEADLINE_MEASURE} on {task} "
        + _change(before.get(task, {}).get(HEADLINE_MEASURE), scores[HEADLINE_MEASURE])
        for task, scores in after.items()
        if HEADLINE_MEASURE in scores
    ]


def _reward_clauses(run: Run) -> list[str]:
    reward = run.summary.reward
    if reward is None or reward.last is None:
        return []
    return [f"The mean reward {_change(reward.first, reward.last)}"]


def _loss_clauses(run: Run) -> list[str]:
    loss = run.series("loss")
    return [f"The loss {_change(loss[0].value, loss[-1].value)}"] if loss else []


def _change(before: float | None, after: float) -> str:
    # Both ends are compared as they are printed: "rose from 0.24 to 0.24" would be nonsense.
    end = f"{after:.2f}"
    if before is None:
        return f"reached {end}"
    start = f"{before:.2f}"
    if start == end:
        return f"stayed at {end}"
    return f"{'rose' if after > before else 'fell'} from {start} to {end}"


def _compare(task: str, measure: str, before: Scores, after: Scores) -> Comparison:
    start, end = before.get(task, {}).get(measure), after.get(task, {}).get(measure)
    return Comparison(
        task=task,
        measure=measure,
        before="" if start is None else f"{start:.3f}",
        after="" if end is None else f"{end:.3f}",
        difference="" if start is None or end is None else _signed(end - start),
    )


def _signed(value: float) -> str:
    # U+2212 is as wide as the plus sign, so that columns of figures stay aligned.
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _union(*mappings: Mapping[str, object]) -> list[str]:
    """Return the keys of all mappings once, in the order in which they first appear."""
    return list(dict.fromkeys(chain(*mappings)))
