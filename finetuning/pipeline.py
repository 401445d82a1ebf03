"""Runs the stages of a plan one after the other and hands each one's model to the next.

The last stage is the run itself and lives in the run's folder; the ones before it live in
`stages/NAME` below it, or, where other runs can use them too, in the cache under a content hash.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from finetuning.config import Config, Plan, Stage
from finetuning.content import content_hash
from finetuning.hooks.progress import stage_banner
from finetuning.model.device import choose_device
from finetuning.report.html import write_report
from finetuning.report.terminal import print_outcome
from finetuning.run import StageRun, check_rewards, run_stage
from finetuning.run_dir import (
    REPORT,
    describe,
    finished,
    locked,
    open_run,
    write_atomically,
)
from finetuning.summary import Summary, objective


def run_plan(plan: Plan, console: Console | None = None) -> float | None:
    """Run every stage that is not done yet. Returns the objective for a sweep to maximise."""
    console = console or Console()
    for stage in plan.stages:
        choose_device(stage.config.backend)  # refused before anything is written
        check_rewards(stage.config)
    with open_run(plan) as folder:
        describe(folder, plan.main, str(choose_device(plan.main.backend)))
        console.print(f"run: {folder}", highlight=False)
        records: list[dict[str, Any]] = []
        summary: Summary = {}
        for position, stage in enumerate(plan.stages, start=1):
            is_last = position == len(plan.stages)
            config = _continue_from(stage, summary.get("model_folder"))
            place = folder if is_last else _stage_folder(stage, config, folder)
            with _its_lock(place, folder, console):
                cached = finished(place)
                stage_banner(console, stage.name, position, len(plan.stages), cached=cached)
                if cached:
                    summary = json.loads((place / REPORT).read_text(encoding="utf-8"))
                else:
                    summary = _run(stage, config, place, records, console)
            records.append(_record(stage.name, place, summary, cached=cached))
        print_outcome(console, folder)
    return objective(summary)


def _run(
    stage: Stage, config: Config, place: Path, earlier: list[dict[str, Any]], console: Console
) -> Summary:
    """Run a stage and write its report, the page last of all: it tells that a run is finished."""
    device = choose_device(config.backend)
    describe(place, stage.config, str(device))
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


def _stage_folder(stage: Stage, config: Config, run_folder: Path) -> Path:
    if not stage.cache:
        return run_folder / "stages" / stage.name
    return config.run.cache / f"{config.model.name}-{stage.name}-{content_hash(config)[:12]}"
