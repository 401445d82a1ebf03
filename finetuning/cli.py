"""The commands. Parses and checks before it imports anything heavy, and holds no logic.

Exit codes: 0 done; 2 the configuration is wrong; 3 something outside failed and the same command
continues the run; 1 a bug, or a merged model that was refused.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from finetuning.commands import COMMANDS
from finetuning.config import load
from finetuning.config.command_line import (
    CONF_DIR,
    CommandLine,
    read_command_line,
    user_config_dirs,
)
from finetuning.config.compose import compose_values
from finetuning.config.debug import with_debug
from finetuning.config.own_model import with_own_model
from finetuning.errors import ConfigError, Problem
from finetuning.exits import exit_codes
from finetuning.machine import share_the_cores, take_one_gpu
from finetuning.run_dir import check_place
from finetuning.run_name import run_name
from finetuning.sweep import announce_point, is_point, record_point, sweep_settings
from finetuning.world import is_main

_WHAT = "Trains code models against feedback they cannot fake, and measures them."
_HYDRA_ANSWERS = ("hydra_help", "info", "shell_completion")


def main(argv: Sequence[str] | None = None) -> None:
    """Run `whetstone COMMAND ...`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="whetstone", description=_WHAT)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("train", add_help=False, help="train a model; the same as python train.py")
    parsers = {name: commands.add_parser(name, help=c.HELP) for name, c in COMMANDS.items()}
    for name, command in COMMANDS.items():
        command.add_arguments(parsers[name])
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name == "train":
        train(rest)
    elif name in parsers:
        # Intermixed, so that a setting may follow a flag.
        chosen = parsers[name].parse_intermixed_args(rest)
        with exit_codes():
            COMMANDS[name].run(chosen)
    else:
        parser.parse_args(arguments)  # says what there is


def train(arguments: Sequence[str] | None = None) -> None:
    """Check the command line, then let Hydra run it: one job, or the points of a sweep."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with exit_codes():
        given = checked(given)
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # a bug deserves its whole traceback
    sys.argv = [sys.argv[0], *given]
    _job()


def checked(given: list[str]) -> list[str]:
    """Return the arguments as Hydra is to get them. Raises ConfigError with every mistake."""
    parsed = get_args_parser().parse_args(given)
    if parsed.help:
        return ["--help"]  # the same for every choice
    if any(getattr(parsed, answer) for answer in _HYDRA_ANSWERS):
        return given
    user_dirs = user_config_dirs(given)
    command = read_command_line(parsed.overrides, user_dirs)
    if parsed.cfg and parsed.multirun:
        remedy = "shows one configuration; leave out -m and name one point of the sweep"
        raise ConfigError([Problem(f"--cfg {parsed.cfg}", remedy)])
    of_sweep: list[str] = []
    if parsed.multirun:
        of_sweep = _checked_sweep(command, user_dirs)
    else:
        plan = load(parsed.overrides, user_dirs)
        if not parsed.cfg:
            check_place(plan)
    if parsed.cfg:
        command = with_own_model(command, compose_values(command.overrides(), user_dirs))
        command = with_debug(command, compose_values(command.overrides(), user_dirs))
    flags = [argument for argument in given if argument not in parsed.overrides]
    return [*flags, *command.overrides(), *of_sweep]


@hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name="config")
def _job(_: DictConfig) -> float | None:
    """One run: what Hydra calls, once or once for each point of a sweep."""
    with exit_codes():
        began, job = time.monotonic(), HydraConfig.get()
        if is_point():
            announce_point()
        sources = [source.path for source in job.runtime.config_sources if source.schema == "file"]
        plan = load(list(job.overrides.task), [Path(path) for path in sources])
        print("The configuration is right; loading torch and TRL.", flush=True)
        share_the_cores()
        take_one_gpu()
        from finetuning.pipeline import run_plan  # noqa: PLC0415 - torch, only now

        finished = run_plan(plan, is_point=is_point())
        if is_point() and is_main():
            record_point(finished.folder, finished.objective, time.monotonic() - began)
        return finished.objective


def _checked_sweep(command: CommandLine, user_dirs: Sequence[Path]) -> list[str]:
    """Check every point of a sweep, so that a wrong last one is known before the first runs.

    The points of another sweeper (`hydra/sweeper=...`) are known to it alone, and are checked
    one by one when they start. Returns what the jobs have to know of it, as settings of Hydra.
    """
    if command.problems:
        raise ConfigError(command.problems)
    own = [*command.choices.values(), *command.values.values()]
    try:
        parsed = OverridesParser.create().parse_overrides(own)
        varied = [o.key_or_group for o in parsed if o.is_sweep_override()]
        if any(text.startswith("hydra/sweeper") for text in command.hydra):
            return sweep_settings(varied, None)
        batches = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    except HydraException as error:
        raise ConfigError([Problem("sweep", " ".join(str(error).split()))]) from error
    names: list[str] = []
    problems: list[Problem] = []
    for point in (point for batch in batches for point in batch):
        try:
            plan = load(point, user_dirs)
            check_place(plan)
            names.append(run_name(plan))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    if len(set(names)) < len(names):
        remedy = "two points of the sweep would share this folder; leave run.name out"
        raise ConfigError([Problem(f"run.name={names[0]}", remedy)])
    return sweep_settings(varied, len(names))
