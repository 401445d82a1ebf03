"""The outcome of a run in words and rows, the same on the page, the card and in the terminal.

A sentence claims a direction only where the interval of the difference shows one
(`whetstone.evaluation.interval.direction`); a figure without an interval is told as it is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from whetstone.evaluation.compare import Difference, Measured, difference, read_evaluations
from whetstone.evaluation.interval import Direction
from whetstone.evaluation.score import Scores as Evaluation
from whetstone.evaluation.score import short_of_samples
from whetstone.finetuning.artifacts.metrics import read_text
from whetstone.finetuning.artifacts.objective import HELD_OUT
from whetstone.finetuning.report.read import Run
from whetstone.finetuning.report.wording import HEADLINE_MEASURE

DEBUG = "A check of the path (debug=true): a few steps on a few problems. Its scores mean nothing."
"""Stands above everything else that such a run shows."""
NOTHING_HELD_OUT = (
    "Nothing held out is measured: no figure of this run says anything about problems that it was "
    "not trained on."
)
_WHENS = ("before", "after")
_SEED = 0  # of the bootstrap

Evaluations = Mapping[str, Measured]
"""Task to its verdicts."""


@dataclass(frozen=True)
class BeforeAfter:
    """One measure on one task before and after the run, ready to print."""

    task: str
    measure: str
    before: str
    after: str
    difference: str
    interval: str
    """The 95 % interval of the difference; empty without verdicts of single problems."""


def headline(run: Run) -> str:
    """Say in one sentence what happened: held-out scores if measured, else reward, else loss."""
    if run.summary.statistics is not None:
        return _collected(run.summary.statistics)
    steps = "1 step" if run.steps == 1 else f"{run.steps:,} steps"
    return (
        _told_scores(run, steps)
        or _told_reward(run, steps)
        or _told_accuracy(run, steps)
        or _told_loss(run, steps)
        or "No step was logged, so there is nothing to compare."
    )


def comparisons(run: Run) -> tuple[BeforeAfter, ...]:
    """Compare every measure of every task; what was measured once has an empty other side."""
    before, after = run.summary.before or {}, run.summary.after or {}
    verdicts = _verdicts(run)
    return tuple(
        _compare(task, measure, (before, after), verdicts)
        for task in _union(before, after)
        for measure in _union(before.get(task, {}), after.get(task, {}))
    )


def banner(run: Run) -> str | None:
    """Return what must stand above everything else, or None."""
    return DEBUG if run.is_debug else None


def notes(run: Run) -> tuple[str, ...]:
    """Say what a reader of the figures must know: an early end, other weights, a refused merge."""
    stop, best, merge = run.summary.stopped_early, run.summary.best, run.summary.merge
    told = []
    if not _is_measured(run):
        told.append(NOTHING_HELD_OUT)
    if stop is not None:
        told.append(f"Training stopped early at step {stop.step}: {stop.reason}.")
        told.append(f"What to do: {stop.remedy}.")
    if best is not None and best.kept == "best":
        told.append(
            f"The finished model has the weights of step {best.best_step}: {best.metric} was "
            f"{best.best:.3f} there and {best.last:.3f} at step {best.last_step}."
        )
    if merge is not None and not merge.passed:
        told.append(
            f"The merged model differs from the trained one (KL {merge.kl:.3g}) and was not "
            "published."
        )
    told += _sizes(run)
    return tuple(told)


def _is_measured(run: Run) -> bool:
    """Tell whether anything that was not trained on was measured, or nothing was to be trained."""
    summary = run.summary
    return bool(
        summary.before
        or summary.after
        or run.held_out
        or run.series("eval_loss")
        or summary.statistics is not None
    )


def _sizes(run: Run) -> Iterator[str]:
    """Say of each task on how much its figures rest."""
    for task in _union(run.summary.before or {}, run.summary.after or {}):
        found = [_read_scores(run.folder / "eval" / when / f"{task}.json") for when in _WHENS]
        scores = [side for side in found if side is not None]
        if scores and scores[-1].n_problems:
            each = scores[-1].n_samples / scores[-1].n_problems
            yield f"{task}: {scores[-1].n_problems:,} problems, {each:g} samples each."
        yield from dict.fromkeys(sentence for side in scores for sentence in short_of_samples(side))


def _read_scores(path: Path) -> Evaluation | None:
    text = read_text(path)
    found = json.loads(text).get("scores") if text else None
    return Evaluation(**found) if found else None


def _verdicts(run: Run) -> tuple[Evaluations, Evaluations]:
    before, after = (read_evaluations(run.folder / "eval" / when) for when in _WHENS)
    return before, after


def _told_scores(run: Run, steps: str) -> str:
    before, after = run.summary.before or {}, run.summary.after or {}
    verdicts = _verdicts(run)
    told = [
        f"{HEADLINE_MEASURE} on {task} "
        + _change(
            before.get(task, {}).get(HEADLINE_MEASURE),
            scores[HEADLINE_MEASURE],
            steps,
            _difference(task, HEADLINE_MEASURE, verdicts),
        )
        for task, scores in after.items()
        if HEADLINE_MEASURE in scores
    ]
    return f"{'; '.join(told)}." if told else ""


def _told_reward(run: Run, steps: str) -> str:
    reward = run.summary.reward
    if reward is None or reward.first is None or reward.last is None:
        return ""
    ends = f"{reward.first:.2f} in the first batch and {reward.last:.2f} in the last"
    return f"The mean training reward was {ends}, in {steps}."


def _told_accuracy(run: Run, steps: str) -> str:
    before, after = run.summary.before or {}, run.summary.after or {}
    reached = after.get(HELD_OUT, {}).get("accuracy")
    if reached is None:
        return ""
    change = _change(before.get(HELD_OUT, {}).get("accuracy"), reached, steps, None)
    return f"The accuracy on held-out pairs {change}."


def _told_loss(run: Run, steps: str) -> str:
    held_out, loss = run.series("eval_loss"), run.series("loss")
    if held_out:
        change = _change(held_out[0].value, held_out[-1].value, steps, None)
        return f"The loss on held-out rows {change}."
    if not loss:
        return ""
    ends = f"{loss[0].value:.2f} at first and {loss[-1].value:.2f} at last"
    return f"The training loss was {ends}, in {steps}."


def _collected(statistics: Mapping[str, Any]) -> str:
    rows = sum(part["rows"] for part in statistics.values() if isinstance(part, dict))
    return f"Collected {rows:,} rows of {statistics['prompts']:,} prompts."


def _change(before: float | None, after: float, steps: str, found: Difference | None) -> str:
    """Word a change; one whose interval shows no direction is not given one."""
    if before is None:
        return f"is {after:.2f} after {steps}"
    # Both ends as they differ in print: "rose from 0.24 to 0.24" would be nonsense.
    form = ".2f" if f"{before:.2f}" != f"{after:.2f}" else ".3f"
    start, end = f"{before:{form}}", f"{after:{form}}"
    if found is None:
        return f"was {before:.2f} before and {after:.2f} after {steps}"
    if found.direction is Direction.UNCLEAR:
        ends = f"{before:.2f} before, {after:.2f} after"
        interval = f"95 % interval of the difference {_ends(found)}"
        return f"shows no clear change in {steps}: {ends} ({interval})"
    verb = "rose" if found.direction is Direction.BETTER else "fell"
    return f"{verb} from {start} to {end} in {steps}"


def _compare(
    task: str,
    measure: str,
    scores: tuple[Mapping[str, Mapping[str, float]], ...],
    verdicts: tuple[Evaluations, Evaluations],
) -> BeforeAfter:
    start, end = (side.get(task, {}).get(measure) for side in scores)
    found = _difference(task, measure, verdicts)
    return BeforeAfter(
        task=task,
        measure=measure,
        before="" if start is None else f"{start:.3f}",
        after="" if end is None else f"{end:.3f}",
        difference="" if start is None or end is None else _signed(end - start),
        interval="" if found is None else _ends(found),
    )


def _difference(
    task: str, measure: str, verdicts: tuple[Evaluations, Evaluations]
) -> Difference | None:
    before, after = (side[task].values.get(measure) if task in side else None for side in verdicts)
    return difference([before], [after], _SEED) if before and after else None


def _ends(found: Difference) -> str:
    return f"{_signed(found.low)} to {_signed(found.high)}"


def _signed(value: float) -> str:
    # U+2212 is as wide as the plus sign, so that columns of figures stay aligned.
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _union(*mappings: Mapping[str, object]) -> list[str]:
    """Return the keys of all mappings once, in the order in which they first appear."""
    return list(dict.fromkeys(chain(*mappings)))
