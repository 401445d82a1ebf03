"""The folder of a run: named, locked, refused when in use, continued when it was interrupted.

`outputs/NAME/` belongs to one configuration. A run that was killed is continued by the same
command; a finished one is never overwritten.
"""

import hashlib
import importlib.metadata
import itertools
import json
import os
import platform
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from finetuning.config import Config, Plan
from finetuning.errors import ConfigError, Problem

REPORT = "report.json"
PAGE = "report.html"
CONFIG = "config.yaml"
MANIFEST = "manifest.json"
LOCK = ".lock"
_PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "whetstone")


def run_name(plan: Plan) -> str:
    """Return `{model}-{data}-{algo}`, then `-debug`, then a hash of what the user changed."""
    config = plan.main
    if config.run.name:
        return config.run.name
    parts = [config.model.name, config.data.name, config.algo.name]
    if config.debug:
        parts.append("debug")
    if plan.changed:
        parts.append(digest(plan.changed)[:6])
    return "-".join(parts)


def digest(value: Any) -> str:
    """Return a hash of a JSON value that does not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def open_run(plan: Plan) -> Iterator[Path]:
    """Yield the run's folder, locked for the time of the run.

    A name that we made moves on to `NAME-2` when the folder holds a finished run or another
    configuration; a name that the user gave is refused then.
    """
    base = run_name(plan)
    for number in itertools.count(1):
        folder = plan.main.run.outputs / (base if number == 1 else f"{base}-{number}")
        reason = _not_usable(folder, plan)
        if reason is None:
            with locked(folder):
                reason = _not_usable(folder, plan)  # what held before the lock may not hold now
                if reason is None:
                    yield folder
                    return
        if plan.main.run.name:
            raise ConfigError([Problem(f"run.name={base}", f"{folder} {reason}")])


@contextmanager
def locked(folder: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the folder's lock. The system frees it when the process dies, however it dies.

    When another process holds it: with `on_wait`, tell and wait; without, raise ConfigError.
    """
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
            remedy = "another process is training there; wait for it, or choose run.name=ANOTHER"
            raise ConfigError([Problem(f"run.name={folder.name}", remedy)]) from error
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _not_usable(folder: Path, plan: Plan) -> str | None:
    """Return why this configuration cannot run in the folder, or None."""
    if not (folder / CONFIG).exists():
        strangers = [path for path in _entries(folder) if path.suffix != ".partial"]
        if strangers:
            return "exists and is no run of ours; choose another run.name"
        return None
    if finished(folder):
        return f"holds a finished run (see {folder / PAGE}); choose another run.name"
    if not plan.main.run.resume:
        return "holds an unfinished run; choose another run.name, or run.resume=true to continue it"
    stored = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    if different := _differences(stored, as_yaml(plan.main)):
        return (
            f"holds an unfinished run of another configuration ({', '.join(different)}); "
            "choose another run.name"
        )
    return None


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


def describe(folder: Path, config: Config, device: str) -> None:
    """Write config.yaml and manifest.json, once: they are immutable."""
    if not (folder / CONFIG).exists():
        write_atomically(folder / CONFIG, yaml.safe_dump(as_yaml(config), sort_keys=False))
    if not (folder / MANIFEST).exists():
        write_atomically(folder / MANIFEST, json.dumps(_manifest(config, device), indent=2) + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a file that is whole or not there, also after a kill."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


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


def _manifest(config: Config, device: str) -> dict[str, Any]:
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
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "git": _git_state(),
        "seed": config.seed,
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
