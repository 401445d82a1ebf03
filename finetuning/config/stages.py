"""The stages of a pipeline: the command's configuration with other choices and settings.

A group that a stage chooses starts from its own values: what the command line or an experiment
set for the algorithm of the run does not reach the algorithm of another stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetuning.config.command_line import CommandLine
from finetuning.config.compose import compose_choices, compose_values
from finetuning.config.debug import with_debug
from finetuning.config.schema import Config, StageConfig
from finetuning.config.validate import Values, validate
from finetuning.errors import Problem


@dataclass(frozen=True)
class Stage:
    """One training of the plan."""

    name: str
    config: Config
    cache: bool
    """Shared by all runs with the same content."""
    continues: bool
    """Starts from the model of the stage before."""


def build_stages(
    command: CommandLine, main: Config, user_dirs: Sequence[Path]
) -> tuple[list[Stage], list[Problem]]:
    """Compose and check each stage of the chosen pipeline."""
    stages: list[Stage] = []
    problems: list[Problem] = []
    chosen = compose_choices(command.overrides(), user_dirs)
    # What an experiment file chose is named again, because a stage may have to leave the file out.
    named = {group: f"{group}={chosen[group]}" for group in ("model", "data", "pipeline")}
    command = replace(command, choices={**named, **command.choices})
    for index, (name, spec) in enumerate(main.pipeline.stages.items()):
        config, found = _stage_config(command, main, spec, user_dirs)
        problems += [Problem(f"[stage {name}] {p.setting}", p.message) for p in found]
        if config is not None:
            problems += _first_model(name, config) if index == 0 else []
            stages.append(Stage(name, config, spec.cache, continues=index > 0))
    return stages, problems


def _stage_config(
    command: CommandLine, main: Config, spec: StageConfig, user_dirs: Sequence[Path]
) -> tuple[Config | None, list[Problem]]:
    if not spec.choose and not spec.set:
        return main, []
    own = {group: f"{group}={option}" for group, option in spec.choose.items()}
    of_user = {
        key: text for key, text in command.values.items() if key.split(".")[0] not in spec.choose
    }
    of_stage = {key: f"++{key}={_literal(value)}" for key, value in _leaves(spec.set).items()}
    stage = replace(command, choices={**command.choices, **own}, values={**of_user, **of_stage})
    stage = with_debug(stage, _compose(stage, stage.overrides(), spec, user_dirs))
    values = _compose(stage, stage.overrides(), spec, user_dirs)
    return validate(values, _compose(stage, stage.preset(), spec, user_dirs))


def _compose(
    stage: CommandLine, overrides: list[str], spec: StageConfig, user_dirs: Sequence[Path]
) -> Values:
    """Compose, and take the stage's own groups from a composition without the experiment."""
    values = compose_values(overrides, user_dirs)
    experiment = stage.choices.get("experiment")
    if experiment is not None:
        own = [override for override in overrides if override != experiment]
        without = compose_values(own, user_dirs)
        values |= {group: without[group] for group in spec.choose}
    return values


def _leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings into dotted paths."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _leaves(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _literal(value: object) -> str:
    """Write a YAML value the way Hydra's override grammar reads it."""
    if isinstance(value, list):
        return "[" + ",".join(_literal(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _first_model(stage: str, config: Config) -> list[Problem]:
    """Check that the first stage has a model to start from, and makes use of what it is given."""
    if config.model.init == "pretrained" and config.model.path is None:
        remedy = (
            f"stage `{stage}` starts from a model: set model.path=FOLDER or a Hub id, or "
            "choose a pipeline that makes one (pipeline=quickstart)"
        )
        return [Problem("model.path=null", remedy)]
    if config.model.init != "pretrained" and config.model.path is not None:
        remedy = f"stage `{stage}` makes its own model; to start from yours, add pipeline=single"
        return [Problem(f"model.path={config.model.path}", remedy)]
    return []
