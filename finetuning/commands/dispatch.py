"""From `whetstone COMMAND ...` to the command's module."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from whetstone.finetuning.commands import COMMANDS
from whetstone.finetuning.commands.parser import CommandParser
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.overrides import is_flag, part_flags
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.runtime.exit_codes import exit_codes
from whetstone.finetuning.runtime.version import version

_WHAT = "Trains code models against feedback they cannot fake, and measures them."
_SETTINGS = frozenset({"settings", "overrides"})
"""What commands call the arguments that the gate reads."""


def run_command(arguments: Sequence[str]) -> None:
    """Run a command other than `train`, or say which there are."""
    parser, parsers = _parsers()
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name in parsers:
        with exit_codes():
            COMMANDS[name].run(_read(parsers[name], rest))
    elif not name:
        parser.print_help(sys.stderr)
        raise SystemExit(ConfigError.exit_code)  # nothing was done, so a script must not go on
    elif name.startswith("-"):
        parser.parse_args(arguments)
    else:
        parser.error(_no_such_command(name, rest))


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, CommandParser]]:
    """Return the parser that lists the commands, and that of each."""
    parser = argparse.ArgumentParser(prog="whetstone", description=_WHAT)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=CommandParser
    )
    commands.add_parser("train", add_help=False, help="train a model; the same as python train.py")
    parsers: dict[str, CommandParser] = {
        name: commands.add_parser(name, help=command.HELP, exit_on_error=False)
        for name, command in COMMANDS.items()
    }
    for name, command in COMMANDS.items():
        command.add_arguments(parsers[name])
    return parser, parsers


def _read(parser: CommandParser, given: Sequence[str]) -> argparse.Namespace:
    """Part flags from the rest, so that either may follow the other; `--seed 3` is no flag of ours.

    A command with settings answers that among its other mistakes.
    """
    flags, rest = part_flags(given, parser)
    takes_settings = any(action.dest in _SETTINGS for action in parser._actions)  # noqa: SLF001
    unknown = [text for text in rest if is_flag(text)]
    if unknown and not takes_settings:
        remedy = f"no such flag; write {parser.written()}"
        raise ConfigError([Problem(text, remedy) for text in unknown])
    chosen, too_many = parser.read([*flags, "--", *rest] if rest else flags)
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
