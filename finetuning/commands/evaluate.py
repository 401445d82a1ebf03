"""`whetstone evaluate`: pass@k of a model on published tasks or on your own."""

import argparse

from whetstone.finetuning.config.commands import load_evaluation
from whetstone.finetuning.launch import launch_evaluation

HELP = "measure a model: pass@k with confidence intervals"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="model=... tasks=[...] setting=value",
        help="settings of conf/evaluate.yaml",
    )


def run(chosen: argparse.Namespace) -> None:
    """Check the settings, then measure; the same command goes on where a killed one was."""
    launch_evaluation(load_evaluation(chosen.settings))
