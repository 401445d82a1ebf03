"""`whetstone collect`: a data set made by a model and a reward, instead of a trained model."""

import argparse

from whetstone.finetuning.config import load
from whetstone.finetuning.config.describe import describe_plan
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.launch import check_gpu
from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

HELP = "make a data set: samples of a model, then pairs or labels by any reward"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "overrides",
        nargs="+",
        metavar="collect=base|dpo|kto|sft",
        help="and the settings of a run: model=, data=, reward=, collect.base=FOLDER",
    )


def run(chosen: argparse.Namespace) -> None:
    """Collect, or finish what an interrupted command left."""
    plan = load(chosen.overrides)
    if plan.main.collect is None:
        remedy = "say what to collect: collect=base (samples), or dpo, kto, sft made from them"
        raise ConfigError([Problem("collect=null", remedy)])
    check_gpu(plan.main.backend)
    print(describe_plan(plan))
    share_the_cores()
    take_one_gpu()
    from whetstone.finetuning.pipeline import run_plan  # noqa: PLC0415 - torch, only now

    run_plan(plan)
