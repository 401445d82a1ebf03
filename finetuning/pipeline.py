"""Runs the stages of a plan one after the other and hands on what each one made.

A policy goes to the next stage that starts from one; reward models and data sets go to the stages
that name them (`stage:NAME`).

The last stage is the run itself and lives in the run's folder; the ones before it live in
`stages/NAME` below it, or, where other runs can use them too, in the cache under a content hash.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from whetstone.evaluation.files import write_atomically
from whetstone.finetuning.artifacts.objective import Summary, objective
from whetstone.finetuning.artifacts.run_dir import (
    REPORT,
    describe,
    describe_run,
    finished,
    locked,
    open_run,
)
from whetstone.finetuning.collect.stage import collect_stage
from whetstone.finetuning.config import Config, Plan, Stage
from whetstone.finetuning.config.references import referred, with_products
from whetstone.finetuning.config.resolve_model import MERGED
from whetstone.finetuning.errors import MergeRefusedError
from whetstone.finetuning.hooks.progress import stage_banner
from whetstone.finetuning.model.device import choose_device
from whetstone.finetuning.model.merge import refusal
from whetstone.finetuning.model.out_of_memory import of_training, told_how_to_fit
from whetstone.finetuning.publish.at_run_end import publish_finished
from whetstone.finetuning.report.console import tell, tell_place, working
from whetstone.finetuning.report.html import write_report
from whetstone.finetuning.report.next_steps import print_next
from whetstone.finetuning.report.outcome import DEBUG
from whetstone.finetuning.report.terminal import print_outcome
from whetstone.finetuning.report.wording import shown
from whetstone.finetuning.rollout.engines import choose_rollout
from whetstone.finetuning.run import run_stage
from whetstone.finetuning.runtime.distributed import join, share
from whetstone.finetuning.runtime.environment import is_main
from whetstone.finetuning.runtime.exit_codes import disk_named
from whetstone.finetuning.training.preflight import preflight
from whetstone.finetuning.training.prepare import StageRun
from whetstone.finetuning.training.stage_cache import content_hash
from whetstone.finetuning.training.summary import MERGE_REFUSED


@dataclass(frozen=True)
class Finished:
    """What a run came to."""

    folder: Path
    objective: float | None
    """The one figure that a sweep maximises."""


def run_plan(plan: Plan, console: Console | None = None, *, is_point: bool = False) -> Finished:
    """Run every stage that is not done yet.

    Args:
        plan: what to do.
        console: where it is told.
        is_point: it is one run of a sweep, whose end says what to do next.

    """
    console = console or Console(quiet=not is_main())
    for stage in plan.stages:
        device = preflight(stage.config)
    join(device.kind)
    with _run_folder(plan) as folder:
        tell_place(console, "run", shown(folder))
        if plan.main.debug:
            tell(console, DEBUG, "bold reverse")
        records: list[dict[str, Any]] = []
        summary: Summary = {}
        policy: str | None = None
        products: dict[str, str] = {}
        for position, stage in enumerate(plan.stages, start=1):
            is_last = position == len(plan.stages)
            config = with_products(_continue_from(stage, policy), products)
            place = folder if is_last else _stage_folder(stage, config, folder, console)
            with _its_lock(place, folder, console):
                cached = share(finished(place))
                stage_banner(console, stage.title, position, len(plan.stages), cached=cached)
                if cached:
                    summary = json.loads((place / REPORT).read_text(encoding="utf-8"))
                else:
                    summary = _run(stage, config, place, records, console)
            products[stage.name] = summary.get("data_folder") or summary["model_folder"]
            if stage.makes_policy:
                policy = products[stage.name]
            records.append(_record(stage.name, place, summary, cached=cached))
        if is_main():
            print_outcome(console, folder)
            publish_finished(folder, plan.main.hooks.publish, console)
            if not is_point:
                print_next(console, folder, plan.typed)
    return Finished(folder, objective(summary))


@contextmanager
def _run_folder(plan: Plan) -> Iterator[Path]:
    """Yield the run's folder, which rank 0 makes, locks and describes."""
    with ExitStack() as opened:
        folder = Path()
        if is_main():
            folder = opened.enter_context(open_run(plan))
            describe_run(folder, plan, str(choose_device(plan.main.backend)))
        folder = share(folder)
        with disk_named(folder):
            yield folder


def _run(
    stage: Stage, config: Config, place: Path, earlier: list[dict[str, Any]], console: Console
) -> Summary:
    """Run a stage and write its report, the page last of all: it tells that a run is finished."""
    device = choose_device(config.backend)
    if is_main():
        describe(place, stage.config, str(device))
    share(None)  # the others read what it is called
    rollout = choose_rollout(config.backend.rollout, device)
    run = StageRun(stage.name, config, place, device, rollout, console)
    with told_how_to_fit(lambda: of_training(config)):
        if config.collect is None:
            summary = run_stage(run)
        else:
            summary = share(collect_stage(run) if is_main() else {})
    summary["stages"] = [*earlier, _record(stage.name, place, summary, cached=False)]
    if is_main():
        write_atomically(place / REPORT, json.dumps(summary, indent=2) + "\n")
        write_report(place)
    if summary["status"] == MERGE_REFUSED:
        raise MergeRefusedError(refusal(summary["merge"], place / MERGED))
    return summary


def _record(name: str, place: Path, summary: Summary, *, cached: bool) -> dict[str, Any]:
    seconds = 0.0 if cached else summary["seconds"]["total"]
    return {"name": name, "folder": str(place), "seconds": seconds, "cached": cached}


@contextmanager
def _its_lock(place: Path, run_folder: Path, console: Console) -> Iterator[None]:
    """Hold the lock of a stage's folder; the run's own is held already."""
    if place == run_folder or not is_main():
        yield
        return

    def tell() -> None:
        console.print(f"waiting for another process that makes {place}", highlight=False)

    with locked(place, tell):
        yield


def _continue_from(stage: Stage, model: str | None) -> Config:
    """Start from the last policy, unless the stage names another stage's or makes its own."""
    named = referred(stage.config.model.path) is not None
    if not stage.continues or model is None or named:
        return stage.config
    start = stage.config.model.model_copy(update={"path": model})
    return stage.config.model_copy(update={"model": start})


def _stage_folder(stage: Stage, config: Config, run_folder: Path, console: Console) -> Path:
    if not stage.cache:
        return run_folder / "stages" / stage.name
    with working(console, "looking whether an earlier run did this stage"):
        mark = content_hash(config)[:12]
    return config.run.cache / f"{config.model.name}-{stage.name}-{mark}"
