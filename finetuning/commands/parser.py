"""A parser of a command whose mistakes are said as those of settings are, in our words."""

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.errors import ConfigError, Problem

_GIVEN = re.compile(r"invalid .*?: (.*?)(?: \(choose from .*)?")
_REQUIRED = "the following arguments are required: "


class CommandParser(argparse.ArgumentParser):
    """Raises ConfigError where argparse prints its usage and ends the process."""

    def read(self, given: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """Return what is given, and what is too much. Raises ConfigError for a wrong value."""
        try:
            return self.parse_known_args(given)
        except argparse.ArgumentError as error:
            raise ConfigError([self._wrong(error)]) from error

    def error(self, message: str) -> NoReturn:
        """Say what is missing; what else argparse has to say is rare."""
        missing = message.removeprefix(_REQUIRED)
        remedy = f"must be given; write {self.written()}"
        raise ConfigError([Problem(missing, remedy)])

    def written(self) -> str:
        """Return the usage in one line."""
        return " ".join(self.format_usage().removeprefix("usage: ").split())

    def _wrong(self, error: argparse.ArgumentError) -> Problem:
        name = str(error.argument_name)
        found = _GIVEN.fullmatch(error.message)
        if found is None:
            return Problem(name, f"needs a value; write {self.written()}")
        given = found[1].strip("'\"")
        setting = f"{name} {given}" if name.startswith("-") else given
        [action] = [action for action in self._actions if name in _names(action)]
        if action.choices is None:
            return Problem(setting, "expected a whole number")
        return Problem(
            setting, f"is not a choice here; {did_you_mean(given, map(str, action.choices))}"
        )


def _names(action: argparse.Action) -> Sequence[str]:
    return ["/".join(action.option_strings)] if action.option_strings else [action.dest]
