"""What Hydra calls: one run, or one point of a sweep."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from whetstone.finetuning.config import load
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.launch import launch_run
from whetstone.finetuning.runtime.environment import is_main, processes
from whetstone.finetuning.runtime.exit_codes import INTERRUPTED, ToldExit, exit_codes
from whetstone.finetuning.sweep.progress import (
    announce_point,
    finished_before,
    is_point,
    record_failure,
    record_point,
    reuse_point,
    varied_settings,
)


def run_job(typed: Sequence[str]) -> float | None:
    """Do one run, for which Hydra calls: once with what was `typed`, or for a point of a sweep.

    A point that fails does not end its sweep: a sweeper that optimizes hears of no figure (nan). Of
    several processes some could fail and others wait for them, so there it does.
    """
    began = time.monotonic()
    try:
        with exit_codes():
            return _run_job(typed, began)
    except ToldExit as ended:
        if not is_point() or ended.status == INTERRUPTED or processes() > 1:
            raise
        record_failure(ended.message, ended.status, time.monotonic() - began)
        return math.nan


def _run_job(typed: Sequence[str], began: float) -> float | None:
    job = HydraConfig.get()
    if is_point():
        announce_point()
    words = list(job.overrides.task) if is_point() else typed
    sources = (source for source in job.runtime.config_sources if source.schema == "file")
    folders = [Path(source.path) for source in sources]
    plan = load(words, [folder for folder in folders if folder != CONF_DIR])
    plan = replace(plan, varied=varied_settings())
    if is_point() and (done := finished_before(plan)):
        return reuse_point(done)
    finished = launch_run(plan, is_point=is_point())
    if is_point() and is_main():
        record_point(finished.folder, finished.objective, time.monotonic() - began)
    return finished.objective
