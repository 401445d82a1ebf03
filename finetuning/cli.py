"""The entrances: `whetstone COMMAND ...` and `python train.py ...`.

Help and the version are answered before anything is imported that they do not need.

Exit codes: 0 done; 2 the configuration is wrong; 3 something outside failed and the same command
continues the run; 1 a bug, or a merged model that was refused.
"""

import sys
from collections.abc import Sequence

from whetstone.finetuning.config.help import help_text
from whetstone.finetuning.runtime.environment import take_hub_token
from whetstone.finetuning.runtime.version import version

_HELP = frozenset({"-h", "--help"})


def main(argv: Sequence[str] | None = None) -> None:
    """Run `whetstone COMMAND ...`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["train"]:
        train(arguments[1:])
        return
    from whetstone.finetuning.commands.dispatch import run_command  # noqa: PLC0415 - see above

    take_hub_token()
    run_command(arguments)


def train(arguments: Sequence[str] | None = None) -> None:
    """Check the command line, then let Hydra run it: one job, or the points of a sweep."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--version" in given:  # Hydra would tell its own
        print(f"whetstone {version()}")
        return
    if not _HELP.isdisjoint(given):  # the same for every choice
        print(help_text())
        return
    from whetstone.finetuning.training_command import run_training  # noqa: PLC0415 - see above

    take_hub_token()
    run_training(given)
