"""The one gate: overrides in, a plan of frozen stage configurations out, or every error at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from whetstone.finetuning.config.command_line import CommandLine, read_command_line
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.default_data import with_default_data
from whetstone.finetuning.config.effect import without_effect
from whetstone.finetuning.config.presets import with_debug, with_own_model
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.stages import Stage, build_stages
from whetstone.finetuning.config.validate import Values, validate
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.table import REWARDS

CHANGEABLE = frozenset(
    f"reward.{name}.{field}" for name, config in REWARDS.items() for field in config.changeable
) | {"hooks.publish"}
"""Settings that are no part of a run's identity, by dotted path."""


def identity(values: Values) -> Values:
    """Return a configuration without what may change when the run is continued."""
    return _without(values, "")


def _without(values: Values, prefix: str) -> Values:
    return {
        key: _without(value, f"{prefix}{key}.") if isinstance(value, dict) else value
        for key, value in values.items()
        if f"{prefix}{key}" not in CHANGEABLE
    }


_OF_HYDRA = re.compile(r"[+~]*hydra[./]")


@dataclass(frozen=True)
class Plan:
    """What a command will do: its stages, the last of which is the run itself."""

    stages: tuple[Stage, ...]
    asked: Config
    """What the command line says, before a stage makes its own choices."""
    changed: dict[str, Any]
    """What differs from the plain choice of model, data and algorithm, by dotted path."""
    typed: tuple[str, ...]
    """The settings of the command line as they were typed: `reward=random`, `seed=1`."""
    varied: tuple[str, ...] = ()
    """Where the run is a point of a sweep: the settings in which its points differ."""

    @property
    def main(self) -> Config:
        """The configuration of the last stage."""
        return self.stages[-1].config


def load(
    overrides: Sequence[str],
    user_dirs: Sequence[Path] = (),
    composer: Composer | None = None,
    *,
    has_sweeps: bool = False,
) -> Plan:
    """Compose and check everything a command asks for.

    Args:
        overrides: what the user typed: `algo=grpo`, `seed=1`.
        user_dirs: folders with further YAMLs, searched like conf/.
        composer: one that knows these folders, where a command loads several times.
        has_sweeps: the command has `-m`; only `train` has.

    Raises:
        ConfigError: with all problems.

    """
    absent = [folder for folder in user_dirs if not folder.is_dir()]
    if absent:  # what it was meant to hold would be missed as well
        raise ConfigError([Problem(f"--config-dir={f}", "there is no such folder") for f in absent])
    typed = read_command_line(overrides, user_dirs, has_sweeps=has_sweeps)
    words = tuple(text.lstrip("+") for text in overrides if not _OF_HYDRA.match(text))
    problems = list(typed.problems)
    stages: list[Stage] = []
    try:
        composer = composer or Composer(user_dirs)
        typed, command, values = complete(typed, composer)
        main, found = validate(values, lambda: composer.values(command.preset()))
        problems += found
        if main is not None:
            stages, found = build_stages(typed, main, composer)
            problems += found
        problems += without_effect(typed, values, main, [] if problems else stages)
        plain = _plain(command, values, composer)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        text = " ".join(str(error).split())
        raise ConfigError([*problems, Problem("configuration", text)]) from error
    except ConfigError as error:  # a YAML of the user's that cannot be composed
        raise ConfigError([*problems, *error.problems]) from error
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    if main is None:
        raise TypeError("a configuration without problems must have been parsed")
    changed = _difference(identity(values), identity(plain))
    return Plan(tuple(stages), main, changed, words)


def complete(typed: CommandLine, composer: Composer) -> tuple[CommandLine, CommandLine, Values]:
    """Choose what the command leaves open: a model's name, the data, what `debug=true` shrinks.

    Returns the command without and with the values of debug, and the composition of the latter.
    Raises what Hydra and OmegaConf raise.
    """
    command, values = typed, composer.values(typed.overrides())
    while True:
        typed = with_default_data(with_own_model(typed, values), values)
        whole = with_debug(typed, values)
        if whole == command:
            return typed, command, values
        command, values = whole, composer.values(whole.overrides())


def _plain(command: CommandLine, values: Values, composer: Composer) -> Values:
    """Compose what the run's name already tells, and what is no difference of the run: hardware."""
    named = {"model", "data", "algo", "backend", "collect", "pipeline"}
    choices = {key: text for key, text in command.choices.items() if key in named}
    plain = replace(command, choices=choices, values={})
    if plain == command:
        return values
    if values.get("debug") is True:
        composed = composer.values(plain.overrides())
        plain = with_debug(plain, {**composed, "debug": True})
    return composer.values(plain.overrides())


def _difference(values: Values, plain: Values, prefix: str = "") -> dict[str, Any]:
    """Return what differs, without the settings that only say where to write."""
    changed: dict[str, Any] = {}
    for key in sorted({*values, *plain}):
        path = f"{prefix}{key}"
        ours, theirs = values.get(key), plain.get(key)
        if path in {"run", "tracker", "debug"} or ours == theirs:
            continue
        if isinstance(ours, dict) and isinstance(theirs, dict):
            changed |= _difference(ours, theirs, f"{path}.")
        else:
            changed[path] = ours
    return changed
