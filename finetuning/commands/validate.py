"""`whetstone validate`: is the tuned model better than its base, by how much, and is that sure."""

import argparse

from whetstone.evaluation.errors import Unjudged
from whetstone.finetuning.config.validation import load_validation
from whetstone.finetuning.launch import check_gpu
from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

HELP = "let two models answer the same prompts, and judge them with a reward"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="base=MODEL tuned=MODEL prompts=FILE.jsonl",
        help="a model is a folder, a run, a name of conf/model or a Hub id; reward=NAME, seed=, "
        "hooks.evaluate.samples= and so on as in training",
    )


def run(chosen: argparse.Namespace) -> None:
    """Print the verdict and where the page is."""
    validation = load_validation(chosen.settings)
    check_gpu(validation.config.backend)
    share_the_cores()
    take_one_gpu()
    from rich.console import Console  # noqa: PLC0415

    from whetstone.finetuning.inference.compare_models import run_validation  # noqa: PLC0415 - torch
    from whetstone.finetuning.report.validation import verdict  # noqa: PLC0415 - matplotlib

    outcome, page = run_validation(validation, Console())
    print(verdict(outcome))
    print(page)
    if not outcome.improvements:
        raise Unjudged("The reward judged no answer. The same command asks it again.")
