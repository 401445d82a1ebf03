"""The command `train`: checked here, and then run by Hydra; what is to be shown is shown here.

Imports nothing heavy: whatever is wrong is told before torch loads.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser
from omegaconf import DictConfig

from whetstone.finetuning.artifacts.run_dir import check_place
from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import read_command_line
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.load import complete
from whetstone.finetuning.config.overrides import part_flags
from whetstone.finetuning.config.show import shown_configuration
from whetstone.finetuning.errors import ConfigError, MissingKey, Problem
from whetstone.finetuning.runtime.exit_codes import exit_codes
from whetstone.finetuning.sweep.job import run_job
from whetstone.finetuning.sweep.points import checked_sweep

_OWN_YAMLS = (
    "a run is composed of conf/config.yaml; YAMLs of yours: --config-dir FOLDER experiment=NAME"
)
_REFUSED = {
    "config_name": _OWN_YAMLS,
    "config_path": _OWN_YAMLS,
    "experimental_rerun": "give the same command again, which continues a run",
}
"""Flags of Hydra that would lead past conf/, each with what to do instead."""
_HYDRA_ANSWERS = ("hydra_help", "info", "shell_completion")


def run_training(given: list[str]) -> None:
    """Check a command and let Hydra run it: one job, or the points of a sweep."""
    with exit_codes():
        for_hydra = checked(given)
        parsed, overrides, user_dirs = _parts(for_hydra)
        if parsed.cfg in {"job", "all"}:
            sys.stdout.write(_shown(parsed, overrides, user_dirs))
            return
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # a bug deserves its whole traceback
    sys.argv = [sys.argv[0], *for_hydra]
    _, typed = part_flags(given)

    @hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name="config")
    def job(_: DictConfig) -> float | None:
        return run_job(typed)

    job()


def checked(given: list[str]) -> list[str]:
    """Return the arguments as Hydra is to get them. Raises ConfigError with every mistake."""
    parsed, overrides, user_dirs = _parts(given)
    if any(getattr(parsed, answer) for answer in _HYDRA_ANSWERS):
        return given
    command = read_command_line(overrides, user_dirs, sweep=parsed.multirun, has_sweeps=True)
    of_sweep: list[str] = []
    if refused := _refused_flags(parsed):
        rest = (
            partial(checked_sweep, command, user_dirs)
            if parsed.multirun
            else partial(load, overrides, user_dirs, has_sweeps=True)
        )
        _refuse(refused, rest)
    elif parsed.multirun and not overrides:
        raise ConfigError([Problem("-m", "nothing varies: give several values, such as seed=0,1")])
    elif parsed.multirun:
        of_sweep = checked_sweep(command, user_dirs)
    elif parsed.cfg:
        composer = Composer(user_dirs)
        _check_to_show(overrides, composer)
        _, command, _ = complete(command, composer)
    else:
        check_place(load(overrides, user_dirs, has_sweeps=True))
        # A run reads its settings itself; Hydra may not know what only a model's tuning sets.
        kept = {key: text for key, text in command.values.items() if not text.startswith("~")}
        command = replace(command, values=kept)
    return [*part_flags(given)[0], *command.overrides(), *of_sweep]


def _parts(given: list[str]) -> tuple[argparse.Namespace, list[str], list[Path]]:
    """Return the flags, the settings and the folders with further YAMLs."""
    flags, overrides = part_flags(given)
    parsed = get_args_parser().parse_intermixed_args(flags)
    user_dirs = [Path(parsed.config_dir).resolve()] if parsed.config_dir else []
    return parsed, overrides, user_dirs


def _shown(parsed: argparse.Namespace, overrides: list[str], user_dirs: list[Path]) -> str:
    return shown_configuration(
        overrides,
        Composer(user_dirs),
        part=parsed.package,
        resolve=parsed.resolve,
        with_hydra=parsed.cfg == "all",
    )


def _refused_flags(parsed: argparse.Namespace) -> list[Problem]:
    """Name the flags of Hydra that this command cannot follow."""
    refused = {
        f"--{name.replace('_', '-')} {getattr(parsed, name)}": remedy
        for name, remedy in _REFUSED.items()
        if getattr(parsed, name) is not None
    }
    if parsed.cfg and parsed.multirun:
        remedy = "shows one configuration; leave out -m and name one point of the sweep"
        refused[f"--cfg {parsed.cfg}"] = remedy
    return [Problem(flag, remedy) for flag, remedy in refused.items()]


def _refuse(refused: list[Problem], check: Callable[[], object]) -> None:
    """Refuse with everything else that is wrong with the command."""
    try:
        check()
    except ConfigError as error:
        raise ConfigError([*refused, *error.problems]) from error
    raise ConfigError(refused)


def _check_to_show(overrides: Sequence[str], composer: Composer) -> None:
    """Check what is only to be shown: a key that the environment lacks is no part of it."""
    try:
        load(overrides, composer.user_dirs, composer, has_sweeps=True)
    except ConfigError as error:
        wrong = [problem for problem in error.problems if not isinstance(problem, MissingKey)]
        if wrong:
            raise ConfigError(wrong) from error
