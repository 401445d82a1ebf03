"""The commands. Parses and checks before it imports anything heavy, and holds no logic.

Exit codes: 0 done; 2 the configuration is wrong; 3 something outside failed and the same command
continues the run; 1 a bug, or a merged model that was refused.
"""

import argparse
import math
import os
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from whetstone.finetuning.artifacts.run_dir import check_place
from whetstone.finetuning.commands import COMMANDS
from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import CommandLine, read_command_line
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.load import complete
from whetstone.finetuning.config.overrides import is_flag, part_flags
from whetstone.finetuning.errors import ConfigError, MissingKey, Problem
from whetstone.finetuning.launch import launch_run
from whetstone.finetuning.runtime.environment import is_main, processes
from whetstone.finetuning.runtime.exit_codes import INTERRUPTED, ToldExit, exit_codes
from whetstone.finetuning.runtime.version import version
from whetstone.finetuning.sweep.points import checked_sweep
from whetstone.finetuning.sweep.progress import (
    announce_point,
    finished_before,
    is_point,
    record_failure,
    record_point,
    reuse_point,
    varied_settings,
)

_WHAT = "Trains code models against feedback they cannot fake, and measures them."
_SETTINGS = frozenset({"settings", "overrides"})
"""What commands call the arguments that the gate reads."""
_HYDRA_ANSWERS = ("hydra_help", "info", "shell_completion")


def main(argv: Sequence[str] | None = None) -> None:
    """Run `whetstone COMMAND ...`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="whetstone", description=_WHAT)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("train", add_help=False, help="train a model; the same as python train.py")
    parsers = {name: commands.add_parser(name, help=c.HELP) for name, c in COMMANDS.items()}
    for name, command in COMMANDS.items():
        command.add_arguments(parsers[name])
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name == "train":
        train(rest)
    elif name in parsers:
        with exit_codes():
            COMMANDS[name].run(_read(parsers[name], rest))
    elif not name:
        parser.print_help(sys.stderr)
        raise SystemExit(ConfigError.exit_code)  # nothing was done, so a script must not go on
    elif name.startswith("-"):
        parser.parse_args(arguments)
    else:
        parser.error(_no_such_command(name, rest))


def _read(parser: argparse.ArgumentParser, given: Sequence[str]) -> argparse.Namespace:
    """Part flags from the rest, so that either may follow the other; `--seed 3` is no flag of ours.

    A command with settings answers that among its other mistakes.
    """
    flags, rest = part_flags(given, parser)
    takes_settings = any(action.dest in _SETTINGS for action in parser._actions)  # noqa: SLF001
    unknown = [text for text in rest if is_flag(text)]
    if unknown and not takes_settings:
        usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
        raise ConfigError([Problem(text, f"no such flag; write {usage}") for text in unknown])
    chosen, too_many = parser.parse_known_args([*flags, "--", *rest] if rest else flags)
    if too_many := [text for text in too_many if text != "--"]:
        remedy = "more than this command takes"
        if len(rest) > len(too_many):
            whole = shlex.quote(" ".join(rest[-len(too_many) - 1 :]))
            remedy = f"{remedy}; what has a space in it is quoted: {whole}"
        raise ConfigError([Problem(" ".join(too_many), remedy)])
    return chosen


def _no_such_command(name: str, rest: Sequence[str]) -> str:
    """Say what was meant by a command that there is not."""
    if "=" in name:
        return f"a command is missing; for a run: whetstone train {' '.join([name, *rest])}"
    return f"no such command: {name}; {did_you_mean(name, ['train', *COMMANDS])}"


def train(arguments: Sequence[str] | None = None) -> None:
    """Check the command line, then let Hydra run it: one job, or the points of a sweep."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--version" in given:  # Hydra would tell its own
        print(f"whetstone {version()}")
        return
    with exit_codes():
        for_hydra = checked(given)
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # a bug deserves its whole traceback
    sys.argv = [sys.argv[0], *for_hydra]
    _, typed = part_flags(given)

    @hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name="config")
    def job(_: DictConfig) -> float | None:
        return _run(typed)

    job()


def checked(given: list[str]) -> list[str]:
    """Return the arguments as Hydra is to get them. Raises ConfigError with every mistake."""
    flags, overrides = part_flags(given)
    parsed = get_args_parser().parse_intermixed_args(flags)
    if parsed.help:
        return ["--help"]  # the same for every choice
    if any(getattr(parsed, answer) for answer in _HYDRA_ANSWERS):
        return given
    user_dirs = [Path(parsed.config_dir).resolve()] if parsed.config_dir else []
    command = read_command_line(overrides, user_dirs, sweep=parsed.multirun)
    of_sweep: list[str] = []
    if parsed.cfg and parsed.multirun:
        remedy = "shows one configuration; leave out -m and name one point of the sweep"
        _refuse_to_show(Problem(f"--cfg {parsed.cfg}", remedy), command, user_dirs)
    elif parsed.multirun:
        of_sweep = checked_sweep(command, user_dirs)
    elif parsed.cfg:
        _check_to_show(overrides, user_dirs)
        _, command, _ = complete(command, Composer(user_dirs))
    else:
        check_place(load(overrides, user_dirs))
    return [*flags, *command.overrides(), *of_sweep]


def _refuse_to_show(refusal: Problem, sweep: CommandLine, user_dirs: Sequence[Path]) -> None:
    """Refuse with everything else that is wrong with the sweep."""
    try:
        checked_sweep(sweep, user_dirs)
    except ConfigError as error:
        raise ConfigError([refusal, *error.problems]) from error
    raise ConfigError([refusal])


def _check_to_show(overrides: Sequence[str], user_dirs: Sequence[Path]) -> None:
    """Check what is only to be shown: a key that the environment lacks is no part of it."""
    try:
        load(overrides, user_dirs)
    except ConfigError as error:
        wrong = [problem for problem in error.problems if not isinstance(problem, MissingKey)]
        if wrong:
            raise ConfigError(wrong) from error


def _run(typed: Sequence[str]) -> float | None:
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
    sources = [source.path for source in job.runtime.config_sources if source.schema == "file"]
    words = list(job.overrides.task) if is_point() else typed
    plan = load(words, [Path(path) for path in sources])
    plan = replace(plan, varied=varied_settings())
    if is_point() and (done := finished_before(plan)):
        return reuse_point(done)
    finished = launch_run(plan, is_point=is_point())
    if is_point() and is_main():
        record_point(finished.folder, finished.objective, time.monotonic() - began)
    return finished.objective
