"""The commands. Parses and checks before it imports anything heavy, and holds no logic.

Exit codes: 0 done; 2 the configuration is wrong; 3 something outside failed and the same command
continues the run; 1 a bug.
"""

import argparse
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hydra
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from evaluation.errors import DataUnavailable, EvaluationError
from finetuning.config import load
from finetuning.config.command_line import (
    CONF_DIR,
    CommandLine,
    read_command_line,
    user_config_dirs,
)
from finetuning.errors import ConfigError, OutsideError, Problem, WhetstoneError
from finetuning.machine import share_the_cores, take_one_gpu
from finetuning.run_dir import run_name
from rewards.custom import CustomConfig
from rewards.hidden import RewardHackedError
from rewards.table import AnyRewardConfig

# What a disk says when it is full, read-only or not ours.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
_HYDRA_ANSWERS = ("help", "hydra_help", "cfg", "info", "shell_completion")


def main(argv: Sequence[str] | None = None) -> None:
    """Run `whetstone COMMAND ...`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="whetstone", description=__doc__.split("\n\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("train", add_help=False, help="train a model; the same as python train.py")
    nano = commands.add_parser("nano", help="show problems of the nano world and check all of it")
    nano.add_argument("--split", default="rl", choices=["sft", "rl", "dev", "test"])
    nano.add_argument("--count", default=3, type=int, help="problems to show")
    report = commands.add_parser("report", help="write report.html of a run's folder again")
    report.add_argument("folder", type=Path)
    report.add_argument("--curve", type=Path, help="write the learning curve to this SVG as well")
    audit = commands.add_parser("audit", help="attack a reward and show what it pays for that")
    audit.add_argument("target", nargs="*", metavar="reward=NAME | package.module:function")
    audit.add_argument("--unsafe", action="store_true", help="also what may hurt the caller")
    audit.add_argument("--tests-column", default="tests", help="argument that takes the tests")
    if arguments[:1] == ["train"]:
        train(arguments[1:])
        return
    chosen = parser.parse_args(arguments)
    with exit_codes():
        if chosen.command == "nano":
            _nano(chosen.split, chosen.count)
        elif chosen.command == "audit":
            _audit(chosen.target, chosen.unsafe, chosen.tests_column)
        else:
            _report(chosen.folder, chosen.curve)


def train(arguments: Sequence[str] | None = None) -> None:
    """Check the command line, then let Hydra run it: one job, or the points of a sweep."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with exit_codes():
        given = checked(given)
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # a bug deserves its whole traceback
    sys.argv = [sys.argv[0], *given]
    _job()


def checked(given: list[str]) -> list[str]:
    """Return the arguments as Hydra is to get them. Raises ConfigError with every mistake."""
    parsed = get_args_parser().parse_args(given)
    if any(getattr(parsed, answer) for answer in _HYDRA_ANSWERS):
        return given
    user_dirs = user_config_dirs(given)
    command = read_command_line(parsed.overrides, user_dirs)
    if parsed.multirun:
        _check_sweep(command, user_dirs)
    else:
        load(parsed.overrides, user_dirs)
    flags = [argument for argument in given if argument not in parsed.overrides]
    return [*flags, *command.overrides()]


@hydra.main(version_base="1.3", config_path=str(CONF_DIR), config_name="config")
def _job(_: DictConfig) -> float | None:
    """One run: what Hydra calls, once or once for each point of a sweep."""
    with exit_codes():
        job = HydraConfig.get()
        sources = [source.path for source in job.runtime.config_sources if source.schema == "file"]
        plan = load(list(job.overrides.task), [Path(path) for path in sources])
        share_the_cores()
        take_one_gpu()
        from finetuning.pipeline import run_plan  # noqa: PLC0415 - torch, only now

        return run_plan(plan)


def _check_sweep(command: CommandLine, user_dirs: Sequence[Path]) -> None:
    """Check every point of a sweep, so that a wrong last one is known before the first runs.

    The points of another sweeper (`hydra/sweeper=...`) are known to it alone, and are checked
    one by one when they start.
    """
    if command.problems:
        raise ConfigError(command.problems)
    if any(text.startswith("hydra/sweeper") for text in command.hydra):
        return
    own = [*command.choices.values(), *command.values.values()]
    try:
        parsed = OverridesParser.create().parse_overrides(own)
        batches = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    except HydraException as error:
        raise ConfigError([Problem("sweep", " ".join(str(error).split()))]) from error
    names = [run_name(load(point, user_dirs)) for batch in batches for point in batch]
    if len(set(names)) < len(names):
        remedy = "two points of the sweep would share this folder; leave run.name out"
        raise ConfigError([Problem(f"run.name={names[0]}", remedy)])


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the errors that are for the user into a message and an exit code."""
    try:
        yield
    except WhetstoneError as error:
        _leave(str(error), error.exit_code)
    except (DataUnavailable, RewardHackedError) as error:
        _leave(str(error), OutsideError.exit_code)
    except EvaluationError as error:
        _leave(str(error), ConfigError.exit_code)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        remedy = "Make room or choose another run.outputs; the same command then goes on."
        _leave(f"{error}\n{remedy}", OutsideError.exit_code)


def _leave(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    raise SystemExit(code)


def _nano(split: str, count: int) -> None:
    from finetuning.nano import gold_check, show  # noqa: PLC0415 - only this command needs it

    print(show(split, count))
    report = gold_check()
    print(
        f"gold check of all {sum(report.problems.values())} problems and {report.tests} tests: "
        f"every reference passes, {report.mutants} wrong programs are told apart"
        if report.passed
        else "\n".join(["the gold check failed:", *report.failures])
    )
    if not report.passed:
        raise SystemExit(1)


def _audit(target: list[str], unsafe: bool, tests_column: str) -> None:
    from rewards.audit.command import audit_all  # noqa: PLC0415 - only this command needs it

    if len(target) == 1 and "=" not in target[0]:
        configs: dict[str, AnyRewardConfig] = {
            "custom": CustomConfig(name="custom", weight=1.0, fn=target[0])
        }
    else:
        configs = load(target).main.reward
    try:
        passed = audit_all(configs.values(), unsafe, tests_column)
    except ValueError as error:
        raise ConfigError([Problem(" ".join(target), str(error))]) from error
    if not passed:
        raise SystemExit(1)


def _report(folder: Path, curve: Path | None) -> None:
    from finetuning.report.curves import learning_curve_svg  # noqa: PLC0415 - matplotlib
    from finetuning.report.html import write_report  # noqa: PLC0415

    print(write_report(folder))
    if curve is not None:
        curve.write_text(learning_curve_svg(folder), encoding="utf-8")
        print(curve)
