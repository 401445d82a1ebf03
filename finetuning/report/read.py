"""A run's folder as plain values, so that everything that draws or writes needs no file format.

Only `report.json` must be there: a run without evaluations, completions or a single logged step
still deserves its report. A file that is there but cannot be read is refused by its name; guessing
around it would show figures that nobody measured.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from whetstone.finetuning.artifacts.metrics import FILE, read_metrics, read_text
from whetstone.finetuning.errors import BrokenRunError

Scores = Mapping[str, Mapping[str, float]]
"""Task name to measure (`pass@1`) to value, a fraction between 0 and 1."""


_DOLLARS = "/total_dollars"
"""End of the columns in which a reward logs what it has cost so far."""


class Point(NamedTuple):
    """One measurement of one quantity."""

    step: int
    value: float


Series = tuple[Point, ...]
"""Measurements in the order of their steps, at most one a step."""


@dataclass(frozen=True)
class RewardChange:
    """Mean reward of the training batches at both ends of a run."""

    first: float | None = None
    last: float | None = None


@dataclass(frozen=True)
class Seconds:
    """Wall time of a run and of the parts that were timed on their own, in seconds."""

    total: float
    generate: float = 0.0
    reward: float = 0.0
    logps: float = 0.0
    optimize: float = 0.0

    @property
    def parts(self) -> dict[str, float]:
        """The parts by the names that people read."""
        return {
            "generate": self.generate,
            "reward": self.reward,
            "log-probs": self.logps,
            "optimize": self.optimize,
        }

    @property
    def other(self) -> float:
        """What no part accounts for; zero where parts overlap and exceed the total."""
        return max(0.0, self.total - sum(self.parts.values()))


@dataclass(frozen=True)
class StageRecord:
    """One stage of a pipeline."""

    name: str
    folder: str
    seconds: float
    cached: bool
    """Whether an earlier run had made it already, so that nothing was trained."""


@dataclass(frozen=True)
class StoppedEarly:
    """Why training ended before its time."""

    step: int
    reason: str
    remedy: str


@dataclass(frozen=True)
class Best:
    """The best and the last look at held-out problems."""

    metric: str
    best_step: int
    best: float
    last_step: int
    last: float
    kept: str
    """Whose weights the finished model has: `best` or `last`."""


@dataclass(frozen=True)
class Merge:
    """How far the merged model is from the trained one."""

    kl: float
    max_logit_difference: float
    passed: bool


@dataclass(frozen=True)
class TeacherCosts:
    """What a run has spent on a teacher."""

    calls: int
    dollars: float | None = None
    """None where the price was not known."""


@dataclass(frozen=True)
class Summary:
    """`report.json`: the outcome of a run."""

    name: str
    status: str
    algo: str
    model: str
    seconds: Seconds
    before: Scores | None = None
    after: Scores | None = None
    reward: RewardChange | None = None
    stages: tuple[StageRecord, ...] = ()
    model_folder: str | None = None
    stopped_early: StoppedEarly | None = None
    best: Best | None = None
    merge: Merge | None = None
    teacher: TeacherCosts | None = None
    data_folder: str | None = None
    """The data set of a run that collected one instead of training."""
    statistics: Mapping[str, Any] | None = None
    """Of that data set."""


@dataclass(frozen=True)
class Run:
    """Everything that a run's folder tells, but its completions (see `completions.py`)."""

    folder: Path
    summary: Summary
    metrics: Mapping[str, Series]
    """Column of `metrics.jsonl` to its finite values."""
    config: str | None
    """`config.yaml` as it stands."""

    @property
    def is_debug(self) -> bool:
        """Whether it is a check of the path (debug=true), whose scores mean nothing."""
        return "debug: true" in (self.config or "").splitlines()

    @property
    def steps(self) -> int:
        """The last step that was logged; 0 if none was."""
        return max((series[-1].step for series in self.metrics.values()), default=0)

    def series(self, name: str) -> Series:
        """Return one column of the metrics; empty if the run never logged it."""
        return self.metrics.get(name, ())

    @property
    def dollars(self) -> float | None:
        """What graders that cost money (teachers) took in all; None if none was asked."""
        totals = [
            series[-1].value for name, series in self.metrics.items() if name.endswith(_DOLLARS)
        ]
        return sum(totals) if totals else None

    @property
    def held_out(self) -> Mapping[str, Series]:
        """Task to its pass@1 at the steps at which the run was evaluated."""
        return {
            name.removeprefix("eval/").removesuffix("/pass@1"): series
            for name, series in self.metrics.items()
            if name.startswith("eval/") and name.endswith("/pass@1")
        }


def read_run(folder: Path) -> Run:
    """Read a run's folder.

    Raises:
        BrokenRunError: `report.json` is missing, or a file that is there cannot be understood.

    """
    return Run(
        folder=folder,
        summary=_read_summary(folder / "report.json"),
        metrics=_read_series(folder / FILE),
        config=read_text(folder / "config.yaml"),
    )


def _read_summary(path: Path) -> Summary:
    text = read_text(path)
    if text is None:
        raise BrokenRunError(f"{path} is missing: this is not the folder of a finished run")
    try:
        return TypeAdapter(Summary).validate_json(text)
    except ValidationError as error:
        raise BrokenRunError(f"{path} is broken: {error}") from error


def _read_series(path: Path) -> dict[str, Series]:
    columns: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for row in read_metrics(path):
        for name, value in row.items():
            if name != "step" and _is_measurement(value):
                # Looks and training log the same step apart; what was written last holds.
                columns[name][row["step"]] = float(value)
    return {
        name: tuple(Point(step, values[step]) for step in sorted(values))
        for name, values in columns.items()
    }


def _is_measurement(value: Any) -> bool:
    # TRL logs null, and torch logs NaN, for a mean over nothing.
    return isinstance(value, int | float) and math.isfinite(value)
