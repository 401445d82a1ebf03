"""`whetstone regrade`: what other tests, weights or rewards would have changed in a run."""

import argparse

from whetstone.finetuning.config.regrade import load_regrade
from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

HELP = "judge the completions that a run stored again, by other tests, weights or rewards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="run=outputs/NAME reward=NAME reward.NAME.SETTING=VALUE data.train=FILE",
        help="what is not given is as in the run",
    )


def run(chosen: argparse.Namespace) -> None:
    """Print what changes and where the page is; the same command goes on where a killed one was."""
    regrade = load_regrade(chosen.settings)
    from whetstone.finetuning.regrade.changed_data import check_files  # noqa: PLC0415 - reads them

    check_files(regrade)
    share_the_cores()
    take_one_gpu()
    from rich.console import Console  # noqa: PLC0415

    from whetstone.finetuning.regrade.command import run_regrade  # noqa: PLC0415 - torch
    from whetstone.finetuning.report.regrade import verdict  # noqa: PLC0415 - matplotlib
    from whetstone.finetuning.report.wording import shown  # noqa: PLC0415 - matplotlib

    outcome, page = run_regrade(regrade, Console())
    print(verdict(outcome))
    print(shown(page))
