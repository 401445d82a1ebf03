"""Presets that follow from other settings: `debug=true`, and a model that is given by its path."""

from dataclasses import replace
from functools import cache
from typing import Any

import yaml

from whetstone.finetuning.config.command_line import CommandLine
from whetstone.finetuning.config.groups import CONF_DIR, LOCAL
from whetstone.finetuning.config.overrides import quoted
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.resolve_model import name_of
from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS, GroupConfig, OnlineConfig
from whetstone.finetuning.config.validate import Values


def with_debug(command: CommandLine, composed: Values) -> CommandLine:
    """Shrink the command when its composition says `debug: true`; the user's values are stronger.

    Debug may come from an experiment file, and so may the algorithm: hence the composition.
    """
    if composed.get("debug") is not True:
        return command
    shrink, kinds = _shrink(), _kinds(composed.get("algo", {}).get("name"))
    forced = {
        key: f"++{key}={value}" for kind in kinds for key, value in shrink.get(kind, {}).items()
    }
    return replace(command, values={**forced, **command.values})


@cache
def _shrink() -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = yaml.safe_load(
        (CONF_DIR / "debug.yaml").read_text(encoding="utf-8")
    )
    return settings


def _kinds(algo: str | None) -> list[str]:
    """Return the parts of debug.yaml that are for an algorithm; later ones are stronger."""
    section = ALGORITHM_CONFIGS.get(algo or "")
    if section is None:  # the gate refuses it
        return ["all"]
    if not issubclass(section, OnlineConfig):
        return ["all", "rows", str(algo)]
    groups = ["groups"] if issubclass(section, GroupConfig) else []
    return ["all", "sampled", *groups, str(algo)]


def with_own_model(command: CommandLine, composed: Values) -> CommandLine:
    """Choose `model=local` and the model's name, where the command says neither."""
    model = composed.get("model")
    if "model.path" not in command.values or not isinstance(model, dict):
        return command
    path = model.get("path")
    if not isinstance(path, str) or referred(path):
        return command
    choices, values = command.choices, command.values
    if "model" not in choices and model.get("init") == "nano":
        choices = {**choices, "model": f"model={LOCAL}"}
    if "model.name" not in values:
        values = {**values, "model.name": f"++model.name={quoted(name_of(path))}"}
    return replace(command, choices=choices, values=values)
