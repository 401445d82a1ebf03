"""`whetstone report`: the page of a run again, from what its folder holds."""

import argparse
from pathlib import Path

HELP = "write report.html of a run's folder again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--curve", type=Path, help="write the learning curve to this SVG as well")


def run(chosen: argparse.Namespace) -> None:
    """Write the page, and the curve if asked for."""
    from whetstone.finetuning.report.curves import learning_curve_svg  # noqa: PLC0415 - matplotlib
    from whetstone.finetuning.report.html import write_report  # noqa: PLC0415

    print(write_report(chosen.folder))
    if chosen.curve is not None:
        chosen.curve.write_text(learning_curve_svg(chosen.folder), encoding="utf-8")
        print(chosen.curve)
