"""What a run needs from outside: files, tasks, keys, processes."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from whetstone.evaluation.tasks import TASKS, is_dated, why_unavailable
from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.model_files import why_broken
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.resolve_model import MERGED, resolve_path
from whetstone.finetuning.config.row_files import why_not_jsonl
from whetstone.finetuning.config.rules.backend import why_no_mlx
from whetstone.finetuning.config.rules.model import not_a_repo
from whetstone.finetuning.config.schema import (
    BaseCollect,
    Config,
    JsonlData,
    MixData,
    PublicData,
    TextData,
)
from whetstone.finetuning.config.schema.base import AuditedData
from whetstone.finetuning.errors import ConfigError, MissingData, MissingKey, Problem
from whetstone.finetuning.formats.read import matches, train_file

NANO_TASKS = ("nano", "nano_dev")


def run_name_is_a_folder(config: Config) -> Iterator[Problem]:
    """Check that the run's name is one folder, inside `run.outputs`."""
    name = config.run.name
    if name is not None and not re.fullmatch(r"\w[\w.+-]*", name):
        yield Problem(
            f"run.name={name}",
            "must be the name of one folder: letters, digits, `_`, `-`, `+` and `.`; where it "
            "lies is run.outputs",
        )


def files_exist(config: Config) -> Iterator[Problem]:
    """Check that every local file that the run will read is there."""
    data = config.data
    if isinstance(data, JsonlData) and referred(data.train) is None:
        if not train_file(data.train).is_file():
            yield Problem(f"data.train={data.train}", "there is no such file")
        if data.validation is not None and not data.validation.is_file():
            yield Problem(f"data.validation={data.validation}", "there is no such file")
    if isinstance(data, TextData) and not any(path.is_file() for path in matches(data.train)):
        yield Problem(
            f"data.train={data.train}", "no file matches; give a file, a folder or a pattern"
        )
    if isinstance(data, AuditedData) and data.audit is not None and not data.audit.is_dir():
        yield Problem(
            f"data.audit={data.audit}", "no such folder; whetstone audit data=... makes one"
        )
    path = config.model.path
    if not path or referred(path) is not None:
        return
    folder = Path(path).expanduser()
    if folder.is_dir():
        if reason := _why_no_model(folder):
            yield Problem(f"model.path={path}", reason)
    else:
        try:
            resolve_path(path, f"model.path={path}", config.run.outputs)
        except ConfigError as error:
            yield from error.problems


def _why_no_model(folder: Path) -> str | None:
    if not (folder / "config.json").is_file():
        if (folder / MERGED).is_dir():
            return f"this is the folder of a run; its model is {folder / MERGED}"
        if (folder / "adapter_config.json").is_file():
            return "this is an adapter; give the folder of a whole model (a run's merged/)"
    return why_broken(folder)


def no_such_task(task: str) -> str | None:
    """Say why a word is no task and no file of problems; None where it is one."""
    if task in {*NANO_TASKS, *TASKS} or task.endswith(SUFFIX):
        return None
    options = did_you_mean(task, [*NANO_TASKS, *TASKS])
    return why_not_jsonl(task) or f"no such task; {options}, or a {SUFFIX} file"


def tasks_can_be_had(wanted: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Check that tasks, each with the setting that names it, exist and can be loaded."""
    told: set[str] = set()
    for setting, task in wanted:
        if wrong := no_such_task(task):
            yield Problem(f"{setting}={task}", wrong)
        elif task not in NANO_TASKS and (reason := why_unavailable(task)):
            what = reason.partition(". ")[0]  # one wrong folder is the same for every task
            if what not in told:
                told.add(what)
                kind = MissingData if task in TASKS else Problem
                yield kind(f"{setting}={task}", reason)


def window_chooses(setting: str, window: str | None, tasks: Sequence[str]) -> Iterator[Problem]:
    """Check that a window has dates to choose among; a stage without tasks measures nothing."""
    if window is not None and tasks and not any(map(is_dated, tasks)):
        dated = ", ".join(filter(is_dated, TASKS))
        yield Problem(f"{setting}={window}", f"no task has dates; those that have: {dated}")


def evaluation_window_chooses(config: Config) -> Iterator[Problem]:
    """Check the window of a run's own evaluation."""
    hook = config.hooks.evaluate
    yield from window_chooses("hooks.evaluate.window", hook.window, hook.tasks)


def data_can_be_had(config: Config) -> Iterator[Problem]:
    """Check that tasks exist, and that their rows are here or on a Hub that we may ask."""
    wanted: list[tuple[str, str]] = []
    if config.collect is None:  # what collects measures nothing
        wanted += [("hooks.evaluate.tasks", task) for task in config.hooks.evaluate.tasks]
        if config.hooks.watch.every_steps and config.data.watch_task:
            wanted.append(("data.watch_task", config.data.watch_task))
    reads = config.collect is None or isinstance(config.collect, BaseCollect)
    if isinstance(config.data, PublicData | MixData):
        yield from _public_rows_can_be_had(config.data) if reads else ()
    elif config.data.name in TASKS and reads:
        wanted.append(("data", config.data.name))
    yield from tasks_can_be_had(wanted)
    stems = Counter(Path(task).stem for task in config.hooks.evaluate.tasks)
    for stem in (stem for stem, count in stems.items() if count > 1):
        yield Problem(
            "hooks.evaluate.tasks", f"two tasks are called `{stem}`; their results would collide"
        )


def _public_rows_can_be_had(data: PublicData | MixData) -> Iterator[Problem]:
    for setting, source in data.sources.items():
        if reason := source.why_wrong():
            yield Problem(setting, reason)
        elif reason := source.why_unavailable():
            yield MissingData(setting, reason)


def trackers_can_start(config: Config) -> Iterator[Problem]:
    """Check for a W&B key before an hour of training, not after it."""
    tracker = config.tracker.get("wandb")
    if tracker is None or getattr(tracker, "mode", None) != "online":
        return
    if not has_wandb_key():
        yield MissingKey(
            "tracker.wandb.mode=online",
            "no W&B key was found; run `wandb login`, set WANDB_API_KEY, or set "
            "tracker.wandb.mode=offline",
        )


def has_wandb_key() -> bool:
    """Tell whether W&B would find a key here."""
    netrc = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    return bool(os.environ.get("WANDB_API_KEY")) or netrc.is_file()


_OFF = {"", "0", "false", "off", "no"}


def publishing_can_begin(config: Config) -> Iterator[Problem]:
    """Check repository, token and what is to go there."""
    wanted = config.hooks.publish
    if wanted.repo is None:
        if wanted.push:
            yield Problem("hooks.publish.push=true", "where to? add hooks.publish.repo=OWNER/NAME")
        return
    yield from not_a_repo("hooks.publish.repo", wanted.repo)
    if wanted.epochs and not config.hooks.merge.each_epoch:
        yield Problem(
            f"hooks.publish.epochs={wanted.epochs}",
            "epochs have no model of their own; add hooks.merge.each_epoch=true",
        )
    if wanted.mlx and (reason := why_no_mlx()):
        yield Problem(f"hooks.publish.mlx={wanted.mlx}", reason)
    if wanted.push:
        yield from _cannot_go_online()


def _cannot_go_online() -> Iterator[Problem]:
    setting = "hooks.publish.push=true"
    if not has_hub_token():
        yield MissingKey(
            setting,
            "no token of the Hub was found; set HF_TOKEN to one that may write, or run "
            "`hf auth login`",
        )
    offline = os.environ.get("HF_HUB_OFFLINE", "")
    if offline.lower() not in _OFF:
        yield Problem(setting, f"needs the network, but HF_HUB_OFFLINE={offline} is set; unset it")


def has_hub_token() -> bool:
    """Tell whether huggingface_hub would find a token here."""
    home = os.environ.get("HF_HOME", "~/.cache/huggingface")
    path = os.environ.get("HF_TOKEN_PATH", f"{home}/token")
    return bool(os.environ.get("HF_TOKEN")) or Path(path).expanduser().is_file()
