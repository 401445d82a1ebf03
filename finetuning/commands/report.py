"""`whetstone report`: the page of a run again, from what its folder holds."""

import argparse
from pathlib import Path

from whetstone.finetuning.config.not_a_setting import answer_empty
from whetstone.finetuning.config.resolve_model import beside
from whetstone.finetuning.errors import ConfigError, Problem

HELP = "write report.html of a run's folder again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("folder", help="the folder of a run")
    parser.add_argument("--curve", type=Path, help="write the learning curve to this SVG as well")


def run(chosen: argparse.Namespace) -> None:
    """Write the page, and the curve if asked for."""
    if not chosen.folder:
        raise ConfigError([answer_empty("report ''", "the folder of a run")])
    folder = Path(chosen.folder).expanduser()
    if not folder.is_dir():
        raise ConfigError([Problem(f"report {folder}", f"there is no such folder{beside(folder)}")])
    curve = chosen.curve and chosen.curve.expanduser()
    if curve is not None and not curve.parent.is_dir():
        raise ConfigError([Problem(f"--curve {curve}", f"there is no folder {curve.parent}")])
    from whetstone.finetuning.report.curves import learning_curve_svg  # noqa: PLC0415 - matplotlib
    from whetstone.finetuning.report.html import write_report  # noqa: PLC0415

    print(write_report(folder))
    if curve is not None:
        curve.write_text(learning_curve_svg(folder), encoding="utf-8")
        print(curve)
