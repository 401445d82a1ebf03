"""A sweep as a person follows it: which point is running, and at the end what each one came to.

Every point writes a line into the sweep's folder when it ends, wherever a launcher runs it; the
table at the end is made of these lines. Nothing heavy is imported here: Hydra makes the callback
before a point begins.
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

from whetstone.finetuning.report.console import bare_table, tell
from whetstone.finetuning.report.next_steps import print_commands
from whetstone.finetuning.report.wording import duration, shown

_FILE = "points.jsonl"


@dataclass(frozen=True)
class Point:
    """One finished run of a sweep."""

    number: int
    settings: str
    """Those that the sweep varies: `seed=1 algo.args.beta=0.02`."""
    folder: str
    objective: float | None
    seconds: float


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


def record_point(folder: Path, objective: float | None, seconds: float) -> None:
    """Keep what this point came to."""
    job = HydraConfig.get()
    point = Point(job.job.num, _settings(job), str(folder), objective, seconds)
    path = Path(job.sweep.dir) / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(point)) + "\n")


class SweepCallback(Callback):
    """Prints the table when all points have ended."""

    def __init__(self, varied: Sequence[str], points: int | None) -> None:
        """Take what the configuration has for the jobs, which read it there."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Print a row for each point and the command that compares them."""
        path = Path(OmegaConf.select(config, "hydra.sweep.dir")) / _FILE
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            points = [Point(**json.loads(line)) for line in lines]
            print_sweep(Console(), sorted(points, key=lambda point: point.number))


def print_sweep(console: Console, points: list[Point]) -> None:
    """Print what each point came to, and how to compare them."""
    table = bare_table("", "settings", "result", "time", "folder", numbers_from=2)
    table.columns[-1].justify = "left"
    table.columns[-1].overflow = "fold"
    for point in points:
        result = "" if point.objective is None else f"{point.objective:.3f}"
        cells = (f"{point.number + 1}", point.settings, result, duration(point.seconds))
        table.add_row(*cells, shown(point.folder))
    console.print()
    console.print(table)
    tell(console, "Result: pass@1 after training, or what the run has in its place.", "dim")
    folders = list(dict.fromkeys(shown(point.folder) for point in points))
    if len(folders) > 1:
        print_commands(console, [("compare", *folders)])


def _settings(job: Any) -> str:
    varied = varied_settings()
    told = [text.lstrip("+") for text in job.overrides.task]
    chosen = [text for text in told if text.partition("=")[0] in varied]
    return " ".join(chosen or told)
