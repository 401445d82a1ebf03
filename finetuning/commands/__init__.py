"""The commands of `whetstone` besides `train`: one module each, light to import.

To add one is a module with `HELP`, `add_arguments` and `run`, and a line in the table below. What
is heavy is imported inside `run`, so that help and mistakes are answered at once. A command says no
by raising the errors that `whetstone.finetuning.runtime.exit_codes` turns into exit codes;
`SystemExit(1)` is a verdict.
"""

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from whetstone.finetuning.commands import (
    audit,
    collect,
    compare,
    evaluate,
    export,
    fetch,
    generate,
    merge,
    nano,
    publish,
    regrade,
    report,
    strengthen,
    validate,
)


class Command(Protocol):
    """What a module of this package offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""

    def run(self, chosen: argparse.Namespace) -> None:
        """Do it."""


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "nano": nano,
        "fetch": fetch,
        "report": report,
        "audit": audit,
        "strengthen": strengthen,
        "compare": compare,
        "validate": validate,
        "regrade": regrade,
        "evaluate": evaluate,
        "collect": collect,
        "export": export,
        "merge": merge,
        "generate": generate,
        "publish": publish,
    }
)
