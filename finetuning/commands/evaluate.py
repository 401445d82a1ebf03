"""`whetstone evaluate`: pass@k of a model on published tasks or on your own."""

import argparse

from finetuning.config.evaluation import load_evaluation
from finetuning.machine import share_the_cores, take_one_gpu

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
    config = load_evaluation(chosen.settings)
    # The Hub's client, and torch only when the model is here.
    from finetuning.model.find import find_model  # noqa: PLC0415

    found = find_model(config.model, config.revision, config.trust_remote_code, config.outputs)
    share_the_cores()
    take_one_gpu()
    from finetuning.assess import assess  # noqa: PLC0415

    assess(config, found)
