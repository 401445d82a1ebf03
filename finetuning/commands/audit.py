"""`whetstone audit`: attacks on a configured reward, or on any reward function by its name."""

import argparse

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.custom.reward import CustomConfig
from whetstone.rewards.table import AnyRewardConfig

HELP = "attack a reward and show what it pays for that"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("target", nargs="*", metavar="reward=NAME | package.module:function")
    parser.add_argument("--unsafe", action="store_true", help="also what may hurt the caller")
    parser.add_argument("--tests-column", default="tests", help="argument that takes the tests")


def run(chosen: argparse.Namespace) -> None:
    """Print a table for each reward; exit code 1 when an attack earned or harmed something."""
    from whetstone.rewards.audit.command import audit_all  # noqa: PLC0415 - only this command needs it

    target: list[str] = chosen.target
    if len(target) == 1 and "=" not in target[0]:
        configs: dict[str, AnyRewardConfig] = {
            "custom": CustomConfig(name="custom", weight=1.0, fn=target[0], timeout_s=None)
        }
    else:
        configs = load(target).main.reward
    try:
        passed = audit_all(configs.values(), chosen.unsafe, chosen.tests_column)
    except ValueError as error:
        raise ConfigError([Problem(" ".join(target), str(error))]) from error
    if not passed:
        raise SystemExit(1)
