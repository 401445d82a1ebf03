"""What hooks of the user's own need before anything is loaded."""

from collections.abc import Iterator

from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.errors import Problem
from whetstone.rewards.custom.lookup import why_no_class, why_no_name


def custom_hooks_are_there(config: Config) -> Iterator[Problem]:
    """Check the name of each callback, and that its module's file has it, by reading."""
    for name in config.hooks.custom:
        if reason := why_no_name(name) or why_no_class(name):
            yield Problem(f"hooks.custom={name}", reason)
