"""The commands. Parses and checks before it imports anything heavy, and holds no logic.

Exit codes: 0 done; 2 the configuration is wrong; 3 something outside failed and the same command
continues the run; 1 a bug, or a merged model that was refused.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra._internal.utils import get_args_parser
from omegaconf import DictConfig

from whetstone.finetuning.artifacts.run_dir import check_place
from whetstone.finetuning.config import Plan, load
from whetstone.finetuning.config.command_line import CommandLine, read_command_line
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.help import help_text
from whetstone.finetuning.config.load import complete
from whetstone.finetuning.config.overrides import is_flag, part_flags
from whetstone.finetuning.config.show import shown_configuration
from whetstone.finetuning.errors import ConfigError, MissingKey, Problem
from whetstone.finetuning.launch import launch_run
from whetstone.finetuning.runtime.exit_codes import exit_codes
from whetstone.finetuning.runtime.version import version

_WHAT = "Trains code models against feedback they cannot fake, and measures them."
_SETTINGS = frozenset({"settings", "overrides"})
"""What commands call the arguments that the gate reads."""
_HYDRA_ANSWERS = ("hydra_help", "info", "shell_completion")
_FLAGS_OF_HYDRA = ("config_path", "config_name", "experimental_rerun")


def main(argv: Sequence[str] | None = None) -> None:
    """Run `whetstone COMMAND ...`."""
    from whetstone.finetuning.commands import COMMANDS  # noqa: PLC0415 - `python train.py` needs none

    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="whetstone", description=_WHAT)
    # It is looked for in all that is installed.
    told = f"%(prog)s {version()}" if "--version" in arguments else ""
    parser.add_argument("--version", action="version", version=told)
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
        parser.error(_no_such_command(name, rest, COMMANDS))


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


def _no_such_command(name: str, rest: Sequence[str], commands: Iterable[str]) -> str:
    """Say what was meant by a command that there is not."""
    if "=" in name:
        return f"a command is missing; for a run: whetstone train {' '.join([name, *rest])}"
    return f"no such command: {name}; {did_you_mean(name, ['train', *commands])}"


def train(arguments: Sequence[str] | None = None) -> None:
    """Check the command line, then do one run, or let Hydra run the points of a sweep."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--version" in given:  # Hydra would tell its own
        print(f"whetstone {version()}")
        return
    with exit_codes():
        command = _read_training(given)
        if command.plan is not None:
            launch_run(command.plan)
            return
        if command.answer is not None:
            sys.stdout.write(command.answer)
            return
    _train_with_hydra(command.for_hydra, part_flags(given)[1])


def _train_with_hydra(arguments: Sequence[str], typed: Sequence[str]) -> None:
    """Let Hydra run the command: a sweep, its own answers, or a run with settings of Hydra's."""
    # What one run does not need.
    import hydra  # noqa: PLC0415

    from whetstone.finetuning.sweep.job import run_job  # noqa: PLC0415

    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # a bug deserves its whole traceback
    sys.argv = [sys.argv[0], *arguments]

    @hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name="config")
    def job(_: DictConfig) -> float | None:
        return run_job(typed)

    job()


@dataclass(frozen=True)
class _Training:
    """What a command line of `train` asks for, checked."""

    for_hydra: list[str]
    """The arguments as Hydra is to get them."""
    plan: Plan | None = None
    """One run that needs nothing of Hydra."""
    answer: str | None = None
    """What is only to be printed."""


def checked(given: list[str]) -> list[str]:
    """Return the arguments as Hydra is to get them. Raises ConfigError with every mistake."""
    return _read_training(given).for_hydra


def _read_training(given: list[str]) -> _Training:
    flags, overrides = part_flags(given)
    parsed = get_args_parser().parse_intermixed_args(flags)
    if parsed.help:
        return _Training(["--help"], answer=f"{help_text()}\n")  # the same for every choice
    if any(getattr(parsed, answer) for answer in _HYDRA_ANSWERS):
        return _Training(given)
    user_dirs = [Path(parsed.config_dir).resolve()] if parsed.config_dir else []
    command = read_command_line(overrides, user_dirs, sweep=parsed.multirun)
    if parsed.multirun:
        if parsed.cfg:
            remedy = "shows one configuration; leave out -m and name one point of the sweep"
            _refuse_to_show(Problem(f"--cfg {parsed.cfg}", remedy), command, user_dirs)
        return _Training([*flags, *command.overrides(), *_checked_sweep(command, user_dirs)])
    if parsed.cfg:
        composer = Composer(user_dirs)
        _check_to_show(overrides, composer)
        _, command, _ = complete(command, composer)
        arguments = command.overrides()
        return _Training([*flags, *arguments], answer=_shown(parsed, arguments, composer))
    plan = load(overrides, user_dirs)
    check_place(plan)
    is_ours = not command.hydra and not any(getattr(parsed, flag) for flag in _FLAGS_OF_HYDRA)
    return _Training([*flags, *command.overrides()], plan=plan if is_ours else None)


def _shown(parsed: argparse.Namespace, overrides: Sequence[str], composer: Composer) -> str | None:
    """Return what `--cfg` asks for; None where it is only of Hydra's own settings."""
    if parsed.cfg == "hydra":
        return None
    return shown_configuration(
        overrides,
        composer,
        part=parsed.package,
        resolve=parsed.resolve,
        with_hydra=parsed.cfg == "all",
    )


def _checked_sweep(command: CommandLine, user_dirs: Sequence[Path]) -> list[str]:
    from whetstone.finetuning.sweep.points import checked_sweep  # noqa: PLC0415 - only a sweep

    return checked_sweep(command, user_dirs)


def _refuse_to_show(refusal: Problem, sweep: CommandLine, user_dirs: Sequence[Path]) -> None:
    """Refuse with everything else that is wrong with the sweep."""
    try:
        _checked_sweep(sweep, user_dirs)
    except ConfigError as error:
        raise ConfigError([refusal, *error.problems]) from error
    raise ConfigError([refusal])


def _check_to_show(overrides: Sequence[str], composer: Composer) -> None:
    """Check what is only to be shown: a key that the environment lacks is no part of it."""
    try:
        load(overrides, composer.user_dirs, composer)
    except ConfigError as error:
        wrong = [problem for problem in error.problems if not isinstance(problem, MissingKey)]
        if wrong:
            raise ConfigError(wrong) from error
