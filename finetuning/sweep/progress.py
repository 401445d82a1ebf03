"""A sweep as a person follows it: which point is running, and at the end what each one came to.

Every point writes a line into the sweep's folder when it ends or fails, wherever a launcher runs
it; the table at the end is made of these lines. Nothing heavy is imported here: Hydra makes the
callback before a point begins.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from whetstone.finetuning.artifacts.objective import objective
from whetstone.finetuning.artifacts.run_dir import REPORT, earlier_run, finished
from whetstone.finetuning.config import Plan
from whetstone.finetuning.report.console import bare_table, tell
from whetstone.finetuning.report.next_steps import print_commands
from whetstone.finetuning.report.wording import duration, shown
from whetstone.finetuning.runtime.environment import is_main

_FILE = "points.jsonl"


@dataclass(frozen=True)
class SweepPoint:
    """One run of a sweep that has ended."""

    number: int
    settings: str
    """Those that the sweep varies: `seed=1 algo.args.beta=0.02`."""
    folder: str
    """Empty where the run failed."""
    objective: float | None
    seconds: float | None
    """None: an earlier command had finished it."""
    failure: str | None = None
    """Why it came to nothing; None: it did not."""
    exit_code: int = 0


def sweep_settings(varied: Sequence[str], points: int | None) -> list[str]:
    """Return what tells Hydra's jobs which settings vary and how many points there are.

    None: the sweeper alone knows.
    """
    names = ",".join(varied)
    count = "null" if points is None else points
    return [f"hydra.callbacks.sweep.varied=[{names}]", f"hydra.callbacks.sweep.points={count}"]


def varied_settings() -> tuple[str, ...]:
    """Return which settings the sweep of this job varies; none where it is no point of one."""
    return tuple(HydraConfig.get().callbacks["sweep"]["varied"])


def is_point() -> bool:
    """Tell whether this job is one of a sweep."""
    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def announce_point() -> None:
    """Say which point of the sweep begins: `1/2 seed=0`."""
    job = HydraConfig.get()
    total = job.callbacks["sweep"]["points"]
    count = f"{job.job.num + 1}/{total}" if total else f"{job.job.num + 1}"
    print(f"\n{count} {_settings(job)}", flush=True)


def finished_before(plan: Plan) -> Path | None:
    """Return the folder of this point where an earlier command finished it.

    One that was interrupted is continued. Both are said in a line.
    """
    folder = earlier_run(plan)
    if folder is None:
        return None
    done = finished(folder)
    told = "is finished with these settings, and taken as it is" if done else "is continued"
    if is_main():
        print(f"{shown(folder)} {told} (run.resume=false begins it anew)", flush=True)
    return folder if done else None


def reuse_point(folder: Path) -> float | None:
    """Keep what this point had come to before, and return its figure."""
    figure = objective(json.loads((folder / REPORT).read_text(encoding="utf-8")))
    if is_main():
        _record(str(folder), figure, None)
    return figure


def record_point(folder: Path, figure: float | None, seconds: float) -> None:
    """Keep what this point came to."""
    _record(str(folder), figure, seconds)


def record_failure(reason: str, exit_code: int, seconds: float) -> None:
    """Keep why this point came to nothing; the others go on."""
    _record("", None, seconds, " ".join(reason.split()), exit_code)


def _record(
    folder: str,
    figure: float | None,
    seconds: float | None,
    failure: str | None = None,
    exit_code: int = 0,
) -> None:
    job = HydraConfig.get()
    point = SweepPoint(job.job.num, _settings(job), folder, figure, seconds, failure, exit_code)
    path = Path(job.sweep.dir) / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(point)) + "\n")


class SweepCallback(Callback):
    """Prints the table when all points have ended, and ends as the first one that failed did."""

    def __init__(self, varied: Sequence[str], points: int | None) -> None:
        """Take what the configuration has for the jobs, which read it there."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Print a row for each point and the command that compares them."""
        path = Path(OmegaConf.select(config, "hydra.sweep.dir")) / _FILE
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            points = [SweepPoint(**json.loads(line)) for line in lines]
            points.sort(key=lambda point: point.number)
            print_sweep(Console(), points)
            failed = [point.exit_code for point in points if point.failure is not None]
            if failed:
                raise SystemExit(failed[0])


def print_sweep(console: Console, points: list[SweepPoint]) -> None:
    """Print what each point came to, and how to compare them."""
    table = bare_table("", "settings", "result", "time", "folder", numbers_from=2)
    table.columns[-1].justify = "left"
    table.columns[-1].overflow = "fold"
    for point in points:
        result = "" if point.objective is None else f"{point.objective:.3f}"
        result = result if point.failure is None else "failed"
        time = "earlier" if point.seconds is None else duration(point.seconds)
        folder = shown(point.folder) if point.folder else ""
        table.add_row(f"{point.number + 1}", point.settings, result, time, folder)
    console.print()
    console.print(table)
    tell(console, "Result: pass@1 after training, or what the run has in its place.", "dim")
    for point in points:
        if point.failure is not None:
            tell(console, f"{point.number + 1} {point.settings} failed: {point.failure}", "bold")
    folders = list(dict.fromkeys(shown(point.folder) for point in points if point.folder))
    if len(folders) > 1:
        print_commands(console, [("compare", *folders)])


def _settings(job: Any) -> str:
    varied = varied_settings()
    told = [text.lstrip("+") for text in job.overrides.task]
    chosen = [text for text in told if text.partition("=")[0] in varied]
    return " ".join(chosen or told)
