"""The errors that a user can mend, each with its exit code.

Everything else propagates as it is: a traceback is the right message for a bug.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One wrong setting: where it is, what it is, and what to do about it."""

    setting: str
    """The dotted path as the user would type it, with its value: `algo.args.beta=-1`."""
    message: str
    """What is wrong and what is right instead."""

    def __str__(self) -> str:
        """Render the problem as one line."""
        return f"{self.setting}: {self.message}"


class WhetstoneError(Exception):
    """An error whose message is for the user; the traceback would add nothing."""

    exit_code = 1


class ConfigError(WhetstoneError):
    """The configuration is wrong. Carries every problem that was found, not the first one."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "One setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{count} wrong; nothing was started.\n\n{lines}")


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
