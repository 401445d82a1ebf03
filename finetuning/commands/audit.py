"""`whetstone audit`: attacks on a reward, or the tests of a data set tried one by one."""

import argparse

from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_audit_data
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.custom.reward import CustomConfig
from whetstone.rewards.table import AnyRewardConfig

HELP = "attack a reward and show what it pays for that, or try the tests of a data set"


_TARGETS = "reward=NAME | package.module:function | data=FILE.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("target", nargs="*", metavar=_TARGETS)
    parser.add_argument("--unsafe", action="store_true", help="also what may hurt the caller")
    parser.add_argument("--tests-column", default="tests", help="argument that takes the tests")


def run(chosen: argparse.Namespace) -> None:
    """Print a table for each reward; exit code 1 when an attack earned or harmed something.

    Of a data set print what is wrong with it, and where the page is.
    """
    if is_of_data(chosen.target):
        audit_the_data(chosen.target)
        return
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


def is_of_data(target: list[str]) -> bool:
    """Tell whether a data set is meant: it is named, and no reward is."""
    names = {text.partition("=")[0] for text in target}
    return "data" in names and not any(name.partition(".")[0] == "reward" for name in names)


def audit_the_data(target: list[str]) -> None:
    """Try the tests of a data set."""
    settings = load_audit_data(target)
    from rich.console import Console  # noqa: PLC0415

    from whetstone.finetuning.dataset_audit.run import audit_data  # noqa: PLC0415 - matplotlib

    audit_data(settings, Console())
