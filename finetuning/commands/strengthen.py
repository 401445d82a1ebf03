"""`whetstone strengthen`: a data set with the tests that it lacks, as far as they are found."""

import argparse

from whetstone.finetuning.config.commands import load_strengthen

HELP = "add tests to a data set where its own let mistakes pass"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="data=FILE.jsonl | data=NAME",
        help="settings of conf/strengthen.yaml",
    )


def run(chosen: argparse.Namespace) -> None:
    """Check the settings, then look for tests and write a new file."""
    settings = load_strengthen(chosen.settings)
    from rich.console import Console  # noqa: PLC0415

    from whetstone.finetuning.dataset_audit.strengthen import (  # noqa: PLC0415 - the sandbox
        strengthen_data,
    )

    strengthen_data(settings, Console())
