"""Runs the stages of a plan one after the other and hands each one's model to the next.

The last stage is the run itself and lives in the run's folder; the ones before it live in
`stages/NAME` below it, or, where other runs can use them too, in the cache under a content hash.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
import trl
from rich.console import Console

from finetuning.config import Config, Plan, Stage
from finetuning.hooks.progress import stage_banner
from finetuning.model.device import choose_device
from finetuning.report.html import write_report
from finetuning.report.terminal import print_outcome
from finetuning.run import StageRun, run_stage
from finetuning.run_dir import (
    REPORT,
    describe,
    digest,
    finished,
    locked,
    open_run,
    write_atomically,
)
from finetuning.summary import Summary, objective

_PACKAGE = Path(__file__).parent


def run_plan(plan: Plan, console: Console | None = None) -> float | None:
    """Run every stage that is not done yet. Returns the objective for a sweep to maximise."""
    console = console or Console()
    for stage in plan.stages:
        choose_device(stage.config.backend)  # refused before anything is written
    with open_run(plan) as folder:
        console.print(f"run: {folder}", highlight=False)
        records: list[dict[str, Any]] = []
        summary: Summary = {}
        for position, stage in enumerate(plan.stages, start=1):
            is_last = position == len(plan.stages)
            place = folder if is_last else _stage_folder(stage, folder)
            with _its_lock(place, folder, console):
                cached = finished(place)
                stage_banner(console, stage.name, position, len(plan.stages), cached=cached)
                if cached:
                    summary = json.loads((place / REPORT).read_text(encoding="utf-8"))
                else:
                    summary = _run(stage, summary.get("model_folder"), place, records, console)
            records.append(_record(stage.name, place, summary, cached=cached))
        print_outcome(console, folder)
    return objective(summary)


def _run(
    stage: Stage, model: str | None, place: Path, earlier: list[dict[str, Any]], console: Console
) -> Summary:
    """Run a stage and write its report, the page last of all: it tells that a run is finished."""
    config = _continue_from(stage, model)
    device = choose_device(config.backend)
    describe(place, stage.config, f"{device.kind}, {device.dtype}, {device.reason}")
    summary = run_stage(StageRun(stage.name, config, place, device, console))
    summary["stages"] = [*earlier, _record(stage.name, place, summary, cached=False)]
    write_atomically(place / REPORT, json.dumps(summary, indent=2) + "\n")
    write_report(place)
    return summary


def _record(name: str, place: Path, summary: Summary, *, cached: bool) -> dict[str, Any]:
    seconds = 0.0 if cached else summary["seconds"]["total"]
    return {"name": name, "folder": str(place), "seconds": seconds, "cached": cached}


@contextmanager
def _its_lock(place: Path, run_folder: Path, console: Console) -> Iterator[None]:
    """Hold the lock of a stage's folder; the run's own is held already."""
    if place == run_folder:
        yield
        return

    def tell() -> None:
        console.print(f"waiting for another process that makes {place}", highlight=False)

    with locked(place, tell):
        yield


def _continue_from(stage: Stage, model: str | None) -> Config:
    if not stage.continues or model is None:
        return stage.config
    start = stage.config.model.model_copy(update={"path": model})
    return stage.config.model_copy(update={"model": start})


def _stage_folder(stage: Stage, run_folder: Path) -> Path:
    if not stage.cache:
        return run_folder / "stages" / stage.name
    config = stage.config
    return config.run.cache / f"{config.model.name}-{stage.name}-{_content(config)}"


def _content(config: Config) -> str:
    """Hash everything that the result of a cached stage depends on: settings, sources, versions."""
    settings = config.model_dump(mode="json", include={"seed", "model", "data", "algo", "backend"})
    sources = {
        str(path.relative_to(_PACKAGE)): path.read_text(encoding="utf-8")
        for room in ("nano", "algo", "data", "model")
        for path in sorted((_PACKAGE / room).glob("*.py"))
    }
    versions = [torch.__version__, transformers.__version__, trl.__version__]
    return digest([settings, sources, versions])[:12]
