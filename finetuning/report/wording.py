"""The outcome of a run in words and rows, the same on the page and in the terminal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from evaluation.compare import Measured, difference, read_evaluations
from finetuning.metrics import read_text
from finetuning.report.read import Run, Scores, TeacherCosts

HEADLINE_MEASURE = "pass@1"
HELD_OUT = "held_out"
_TENTHS_BELOW = 10
_MINUTE = 60
_HOUR = 3600
_SEED = 0  # of the bootstrap

Evaluations = Mapping[str, Measured]
"""Task to its verdicts."""


@dataclass(frozen=True)
class Comparison:
    """One measure on one task before and after the run, ready to print."""

    task: str
    measure: str
    before: str
    after: str
    difference: str
    interval: str
    """The 95 % bootstrap interval of the difference; empty without verdicts of single problems."""


def headline(run: Run) -> str:
    """Say in one sentence what happened: held-out scores if measured, else reward, else loss."""
    if run.summary.statistics is not None:
        return _collected(run.summary.statistics)
    clauses = (
        _score_clauses(run) or _reward_clauses(run) or _accuracy_clauses(run) or _loss_clauses(run)
    )
    if not clauses:
        return "No step was logged, so there is nothing to compare."
    steps = "1 step" if run.steps == 1 else f"{run.steps:,} steps"
    return f"{', '.join(clauses)} in {steps}."


def comparisons(run: Run) -> tuple[Comparison, ...]:
    """Compare every measure of every task; what was measured once has an empty other side."""
    before, after = run.summary.before or {}, run.summary.after or {}
    verdicts = (
        read_evaluations(run.folder / "eval" / "before"),
        read_evaluations(run.folder / "eval" / "after"),
    )
    return tuple(
        replace(_compare(task, measure, before, after), interval=_interval(task, measure, verdicts))
        for task in _union(before, after)
        for measure in _union(before.get(task, {}), after.get(task, {}))
    )


def notes(run: Run) -> tuple[str, ...]:
    """Say what a reader of the figures must know: an early end, other weights, a refused merge."""
    stop, best, merge = run.summary.stopped_early, run.summary.best, run.summary.merge
    told = []
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
    if "debug: true" in (run.config or "").splitlines():
        told.append("A check of the path (debug=true): its scores mean nothing.")
    return tuple(told)


def _sizes(run: Run) -> list[str]:
    """Say of each task on how much its figures rest."""
    found: dict[str, str] = {}
    for when in ("after", "before"):
        for task in run.summary.after or run.summary.before or {}:
            text = read_text(run.folder / "eval" / when / f"{task}.json")
            scores = json.loads(text).get("scores", {}) if text and task not in found else {}
            if problems := scores.get("n_problems"):
                each = scores.get("n_samples", 0) / problems
                found[task] = f"{task}: {problems:,} problems, {each:g} samples each."
    return list(found.values())


def costs(teacher: TeacherCosts | None) -> str | None:
    """Word what a teacher has cost: `1,024 calls, $3.10`; None without a teacher."""
    if teacher is None:
        return None
    price = "cost unknown" if teacher.dollars is None else f"${teacher.dollars:,.2f}"
    return f"{teacher.calls:,} calls, {price}"


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


def dollars(amount: float | None) -> str:
    """Write a cost: `$1.25`; a dash where nothing was asked that costs."""
    return "\N{EN DASH}" if amount is None else f"${amount:,.2f}"


def points(fraction: float) -> str:
    """Write a fraction as percentage points: `12.3`."""
    # A tiny negative number must not become "-0.0".
    return f"{100 * fraction + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "\N{MINUS SIGN}")


def signed_points(fraction: float) -> str:
    """Write a change in percentage points: `+12.3`."""
    text = points(fraction)
    return text if text == "0.0" or text.startswith("\N{MINUS SIGN}") else f"+{text}"


def percent(fraction: float) -> str:
    """Write a fraction as a percentage: `84.9 %`."""
    return f"{points(fraction)} %"


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


def _accuracy_clauses(run: Run) -> list[str]:
    before, after = run.summary.before or {}, run.summary.after or {}
    reached = after.get(HELD_OUT, {}).get("accuracy")
    if reached is None:
        return []
    return [f"The accuracy on held-out pairs {_change(before[HELD_OUT]['accuracy'], reached)}"]


def _collected(statistics: Mapping[str, Any]) -> str:
    rows = sum(part["rows"] for part in statistics.values() if isinstance(part, dict))
    return f"Collected {rows:,} rows of {statistics['prompts']:,} prompts."


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
        interval="",
    )


def _interval(task: str, measure: str, verdicts: tuple[Evaluations, Evaluations]) -> str:
    before, after = (side[task].values.get(measure) if task in side else None for side in verdicts)
    change = difference([before], [after], _SEED) if before and after else None
    return f"{_signed(change.low)} to {_signed(change.high)}" if change else ""


def _signed(value: float) -> str:
    # U+2212 is as wide as the plus sign, so that columns of figures stay aligned.
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _union(*mappings: Mapping[str, object]) -> list[str]:
    """Return the keys of all mappings once, in the order in which they first appear."""
    return list(dict.fromkeys(chain(*mappings)))
