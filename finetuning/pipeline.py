"""Runs the stages of a plan one after the other and hands each one's model to the next.

The last stage is the run itself and lives in the run's folder; the ones before it live in
`stages/NAME` below it, or, where other runs can use them too, in the cache under a content hash.
"""

import json
from pathlib import Path
from typing import Any

import torch
import transformers
import trl
from rich.console import Console

from finetuning.config import Config, Plan, Stage
from finetuning.hooks.progress import stage_banner
from finetuning.report.html import write_report
from finetuning.report.terminal import print_outcome
from finetuning.run import run_stage
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
    with open_run(plan) as folder:
        console.print(f"run: {folder}", highlight=False)
        earlier: list[dict[str, Any]] = []
        model: str | None = None
        summary: Summary = {}
        for position, stage in enumerate(plan.stages, start=1):
            is_last = position == len(plan.stages)
            config = _continue_from(stage, model)
            place = folder if is_last else _stage_folder(stage, folder)
            cached = not is_last and finished(place)
            stage_banner(console, stage.name, position, len(plan.stages), cached=cached)
            summary = _run_or_reuse(stage.name, config, place, folder, console)
            seconds = 0.0 if cached else summary["seconds"]["total"]
            earlier.append(
                {"name": stage.name, "folder": str(place), "seconds": seconds, "cached": cached}
            )
            model = summary["model_folder"]
            if is_last:
                _report({**summary, "stages": earlier}, place)
        print_outcome(console, folder)
    return objective(summary)


def _run_or_reuse(
    name: str, config: Config, place: Path, run_folder: Path, console: Console
) -> Summary:
    """Run a stage, unless its folder holds it finished. Shared folders are waited for."""
    if place == run_folder:  # locked already
        return run_stage(name, config, place, console)
    with locked(place, wait=True):
        if finished(place):
            summary: Summary = json.loads((place / REPORT).read_text(encoding="utf-8"))
            return summary
        describe(place, config)
        summary = run_stage(name, config, place, console)
        _report(summary, place)
        return summary


def _report(summary: Summary, folder: Path) -> None:
    """Write report.json last of all that counts: it is what tells that a run is finished."""
    write_atomically(folder / REPORT, json.dumps(summary, indent=2) + "\n")
    write_report(folder)


def _continue_from(stage: Stage, model: str | None) -> Config:
    if not stage.continues or model is None:
        return stage.config
    start = stage.config.model.model_copy(update={"path": model})
    return stage.config.model_copy(update={"model": start})


def _stage_folder(stage: Stage, run_folder: Path) -> Path:
    if not stage.cache:
        return run_folder / "stages" / stage.name
    return (
        stage.config.run.cache / f"{stage.config.model.name}-{stage.name}-{_content(stage.config)}"
    )


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
