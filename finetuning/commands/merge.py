"""`whetstone merge`: an adapter folded into its base, let through only if it says the same."""

import argparse

from whetstone.finetuning.config.commands import load_merge
from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

HELP = "fold an adapter into its base, and check that nothing changed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="adapter=FOLDER [out=FOLDER] [base=MODEL]",
        help="settings of conf/merge.yaml",
    )


def run(chosen: argparse.Namespace) -> None:
    """Check the settings, then merge; exit code 1 when the merged model is refused."""
    settings = load_merge(chosen.settings)
    share_the_cores()
    take_one_gpu()
    from whetstone.finetuning.publish.merge_command import merge  # noqa: PLC0415 - torch, only now

    merge(settings)
