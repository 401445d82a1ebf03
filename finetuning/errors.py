"""The errors that a user can mend, each with its exit code.

Everything else propagates as it is: a traceback is the right message for a bug.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from whetstone.finetuning.credentials import struck_out


@dataclass(frozen=True)
class Problem:
    """One wrong setting: where it is, what it is, and what to do about it."""

    setting: str
    """The dotted path as the user would type it, with its value: `algo.args.beta=-1`."""
    message: str
    """What is wrong and what is right instead."""

    def __str__(self) -> str:
        """Render the problem as one line; a credential that was typed is not repeated."""
        return f"{struck_out(self.setting)}: {struck_out(self.message)}"


@dataclass(frozen=True)
class RowProblem(Problem):
    """A fault in the rows of a user's file, which is no setting."""

    faults: int = 1
    """How many this line stands for: of a file full of them, not all are told."""


@dataclass(frozen=True)
class MissingKey(Problem):
    """A key or a token that the environment lacks: needed to run, and not to look at settings."""


@dataclass(frozen=True)
class MissingData(Problem):
    """Rows that this machine lacks, which is no slip of the pen: told after those."""


class WhetstoneError(Exception):
    """An error whose message is for the user; the traceback would add nothing."""

    exit_code = 1


class ConfigError(WhetstoneError):
    """The configuration is wrong. Carries every problem that was found, not the first one."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        problems = sorted(problems, key=lambda problem: isinstance(problem, MissingData))
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{_counted(problems)}; nothing was started.\n\n{lines}")


def _counted(problems: Sequence[Problem]) -> str:
    """Say how many settings are wrong, and how many faults rows have beside them."""
    faults = sum(problem.faults for problem in problems if isinstance(problem, RowProblem))
    settings = sum(not isinstance(problem, RowProblem) for problem in problems)
    told = ["One setting is wrong" if settings == 1 else f"{settings} settings are wrong"]
    rows = ["the rows have one fault" if faults == 1 else f"the rows have {faults} faults"]
    words = " and ".join([*(told if settings else []), *(rows if faults else [])])
    return words[:1].upper() + words[1:]


class OutsideError(WhetstoneError):
    """Something outside failed (Hub, disk, an API). The same command continues the run later."""

    exit_code = 3


class DoesNotFitError(WhetstoneError):
    """The run needs more memory than the device has: settings have to change, which it names."""

    exit_code = 2


class MergeRefusedError(WhetstoneError):
    """The finished model is not the model that was trained."""


class DisagreementError(OutsideError):
    """Sampler and trainer give the same tokens different probabilities."""


class BrokenRunError(OutsideError):
    """A file of a run's folder cannot be read; the message names it."""
