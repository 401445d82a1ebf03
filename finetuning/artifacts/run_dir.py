"""The folder of a run: locked, refused when in use, continued when it was interrupted.

`outputs/NAME/` belongs to one configuration. A run that was killed is continued by the same
command; a finished one is never overwritten.
"""

import itertools
import json
import os
import platform
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from whetstone.evaluation.files import PARTIAL, write_atomically
from whetstone.finetuning.artifacts.input_hashes import Marks, changed_files, marks_of
from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import Config, Plan
from whetstone.finetuning.config.load import identity
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.runtime.environment import is_main

REPORT = "report.json"
PAGE = "report.html"
CONFIG = "config.yaml"
MANIFEST = "manifest.json"
LOCK = ".lock"
_NO_WORK = {CONFIG, MANIFEST, LOCK}
_TRACKERS = {"tensorboard", "wandb"}
"""Folders of trackers, which write a header before anything happens."""
_PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "whetstone-rl")


def check_place(plan: Plan) -> None:
    """Check, without making anything, that the run will have its folder.

    `open_run` looks again, under the lock; this one spares the user the wait until then.

    Raises:
        ConfigError: `run.outputs` cannot be made, or the user's own name is in use.

    """
    if not is_main():
        return  # rank 0 may hold the folder already when the others start
    outputs, name = plan.main.run.outputs.absolute(), plan.main.run.name
    there = next(path for path in (outputs, *outputs.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "cannot be written to" if there.is_dir() else "is not a folder"
        remedy = f"{there} {why}; choose another run.outputs"
        raise ConfigError([Problem(f"run.outputs={plan.main.run.outputs}", remedy)])
    if name is None:
        return
    folder = plan.main.run.outputs / name
    if reason := _not_usable(folder, plan):
        raise ConfigError([Problem(f"run.name={name}", f"{folder} {reason}")])
    _refuse_changed_files(folder, plan)
    if (folder / LOCK).is_file():
        with locked(folder):
            pass


@contextmanager
def open_run(plan: Plan) -> Iterator[Path]:
    """Yield the run's folder, locked for the time of the run.

    A name that we made moves on to `NAME-2` when the folder holds a finished run or another
    configuration; a name that the user gave is refused then.
    """
    for folder in _folders_for(plan):
        reason = _not_usable(folder, plan)
        if reason is None:
            with locked(folder):
                reason = _not_usable(folder, plan)  # what held before the lock may not hold now
                if reason is None:
                    _refuse_changed_files(folder, plan)
                    with _as_it_was_found(folder, plan):
                        yield folder
                    return
        if plan.main.run.name:
            raise ConfigError([Problem(f"run.name={folder.name}", f"{folder} {reason}")])


def earlier_run(plan: Plan) -> Path | None:
    """Return where this very run was begun, on the same rows, finished before interrupted ones.

    None: nowhere, or `run.resume=false` asks for a new one.
    """
    if not plan.main.run.resume:
        return None
    same = [
        folder
        for folder in _folders_of(plan)
        if (folder / CONFIG).is_file()
        and _holds_work(folder)
        and not _stored_differences(folder, plan)
        and not _changed_files(folder, plan)
    ]
    return next((folder for folder in same if finished(folder)), next(iter(same), None))


def _folders_of(plan: Plan) -> Iterator[Path]:
    """Yield the folders that runs of this name have taken, in their order."""
    return itertools.takewhile(Path.is_dir, _folders_for(plan))


def _folders_for(plan: Plan) -> Iterator[Path]:
    """Yield the folders that a run may take: `NAME`, `NAME-2`, ...; a name of the user's is one."""
    base = plan.main.run.outputs / run_name(plan)
    yield base
    if plan.main.run.name is None:
        yield from (base.with_name(f"{base.name}-{number}") for number in itertools.count(2))


@contextmanager
def _as_it_was_found(folder: Path, plan: Plan) -> Iterator[None]:
    """Begin without another configuration's leavings, and take ours away when we are refused.

    Only where nothing was trained or measured yet: the corrected command then finds its name free.
    """
    if (folder / CONFIG).exists() and (
        _stored_differences(folder, plan) or _changed_files(folder, plan)
    ):
        _remove_all_but_the_lock(folder)
    try:
        yield
    except ConfigError:
        if not _holds_work(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def locked(
    folder: Path, on_wait: Callable[[], None] | None = None, setting: str = "run.name"
) -> Iterator[None]:
    """Hold the folder's lock. The system frees it when the process dies, however it dies.

    When another process holds it: with `on_wait`, tell and wait; without, raise ConfigError, which
    names the setting that chooses the folder.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only what works in the folder

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = f"the folder cannot be made ({error.strerror}); choose another run.outputs"
        raise ConfigError([Problem(f"run.outputs={folder.parent}", remedy)]) from error
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        if on_wait is None:
            remedy = f"another process works there; wait for it, or choose {setting}=ANOTHER"
            raise ConfigError([Problem(f"{setting}={folder.name}", remedy)]) from error
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _not_usable(folder: Path, plan: Plan) -> str | None:
    """Return why this configuration cannot run in the folder, or None."""
    if not (folder / CONFIG).exists():
        strangers = [path for path in _entries(folder) if path.suffix != PARTIAL]
        if strangers:
            return "exists and is no run of ours; choose another run.name"
        return None
    if finished(folder):
        return f"holds a finished run (see {folder / PAGE}); choose another run.name"
    if not plan.main.run.resume:
        return "holds an unfinished run; choose another run.name, or run.resume=true to continue it"
    different = _stored_differences(folder, plan)
    if different and _holds_work(folder):
        return (
            f"holds an unfinished run of another configuration ({', '.join(different)}); "
            "choose another run.name"
        )
    return None


def _stored_differences(folder: Path, plan: Plan) -> list[str]:
    stored = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    return _differences(identity(stored), identity(as_yaml(plan.main)))


def _refuse_changed_files(folder: Path, plan: Plan) -> None:
    """Refuse to go on with other rows than the run began with."""
    if (problems := _changed_files(folder, plan)) and _holds_work(folder):
        raise ConfigError(problems)


def _changed_files(folder: Path, plan: Plan) -> list[Problem]:
    if not (folder / MANIFEST).is_file():
        return []
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    before = manifest.get("files")
    return changed_files(before, marks_of(_configs(plan)), folder) if before else []


def _configs(plan: Plan) -> list[Config]:
    return [stage.config for stage in plan.stages]


def _holds_work(folder: Path) -> bool:
    """Tell whether anything was trained or measured here, or put here by somebody else."""
    return any(
        path.stat().st_size > 0
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in _NO_WORK
        and path.suffix != PARTIAL
        and path.relative_to(folder).parts[0] not in _TRACKERS
    )


def _remove_all_but_the_lock(folder: Path) -> None:
    for path in _entries(folder):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != LOCK] if folder.is_dir() else []


def finished(folder: Path) -> bool:
    """Tell whether the run in this folder came to its end: report.html is the last thing made."""
    report = folder / REPORT
    if not (report.is_file() and (folder / PAGE).is_file()):
        return False
    return bool(json.loads(report.read_text(encoding="utf-8"))["status"] == "done")


def as_yaml(config: Config) -> dict[str, Any]:
    """Return what config.yaml holds: everything resolved, except where this machine writes."""
    values: dict[str, Any] = config.model_dump(mode="json")
    values["run"] = {"name": config.run.name}
    return values


def describe_run(folder: Path, plan: Plan, device: str) -> None:
    """Describe the whole run, and what the user's files held when it began."""
    marks = {} if (folder / MANIFEST).exists() else marks_of(_configs(plan))
    describe(folder, plan.main, device, marks)


def describe(folder: Path, config: Config, device: str, files: Marks | None = None) -> None:
    """Write config.yaml and manifest.json, once: they are immutable."""
    if not (folder / CONFIG).exists():
        write_atomically(folder / CONFIG, yaml.safe_dump(as_yaml(config), sort_keys=False))
    if not (folder / MANIFEST).exists():
        manifest = _manifest(config, device, files or {})
        write_atomically(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")


def _differences(stored: Any, ours: Any, prefix: str = "") -> list[str]:
    if not (isinstance(stored, dict) and isinstance(ours, dict)):
        return [] if stored == ours else [prefix.rstrip(".")]
    keys = sorted({*stored, *ours})
    return [
        d for key in keys for d in _differences(stored.get(key), ours.get(key), f"{prefix}{key}.")
    ]


def run_id(folder: Path) -> str:
    """Return an id that no other run has, here or on another machine."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return f"{folder.name}-{manifest['id']}"


def _manifest(config: Config, device: str, files: Marks) -> dict[str, Any]:
    from importlib.metadata import version  # noqa: PLC0415 - only when a run begins

    return {
        "id": secrets.token_hex(4),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "packages": {name: version(name) for name in _PACKAGES},
        "git": _git_state(),
        "seed": config.seed,
        "files": files,
    }


def _git_state() -> dict[str, Any] | None:
    """Return the commit of the code that runs, and whether it was changed; None outside git."""
    here = Path(__file__).resolve().parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(here), *arguments], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    return (
        None if commit is None else {"commit": commit, "dirty": bool(git("status", "--porcelain"))}
    )
