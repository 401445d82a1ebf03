"""`whetstone publish`: a model or a data set to the Hub; shown first, sent with `push=true`."""

import argparse

from whetstone.finetuning.config.commands import load_publish_dataset, load_publish_model

HELP = "put a run's model, or a data set, on the Hub: shows what would go up, push=true sends it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=["model", "dataset"])
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="run=outputs/NAME | folder=FOLDER repo=OWNER/NAME",
        help="settings of conf/publish_model.yaml and conf/publish_dataset.yaml",
    )


def run(chosen: argparse.Namespace) -> None:
    """Check, show, and send if told to; exit code 1 when the merge gate refused the model."""
    # The Hub's client, only now.
    from whetstone.finetuning.publish.publish import publish_dataset, publish_model  # noqa: PLC0415

    if chosen.what == "model":
        publish_model(load_publish_model(chosen.settings))
    else:
        publish_dataset(load_publish_dataset(chosen.settings))
