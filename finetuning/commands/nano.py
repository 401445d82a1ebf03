"""`whetstone nano`: problems of the nano world to look at, and the check of all of them."""

import argparse

HELP = "show problems of the nano world and check all of it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--split", default="rl", choices=["sft", "rl", "dev", "test"])
    parser.add_argument("--count", default=3, type=int, help="problems to show")


def run(chosen: argparse.Namespace) -> None:
    """Show and check; exit code 1 when the check fails."""
    from whetstone.finetuning.nano import gold_check, show  # noqa: PLC0415 - only this command needs it

    print(show(chosen.split, chosen.count))
    report = gold_check()
    print(
        f"gold check of all {sum(report.problems.values())} problems and {report.tests} tests: "
        f"every reference passes, {report.mutants} wrong programs are told apart"
        if report.passed
        else "\n".join(["the gold check failed:", *report.failures])
    )
    if not report.passed:
        raise SystemExit(1)
