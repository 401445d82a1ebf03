"""The one gate: overrides in, a plan of frozen stage configurations out, or every error at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from finetuning.config.command_line import CONF_DIR, CommandLine, read_command_line
from finetuning.config.compose import compose_values
from finetuning.config.schema import Config, StageConfig
from finetuning.config.validate import Values, validate
from finetuning.errors import ConfigError, Problem


@dataclass(frozen=True)
class Stage:
    """One training of the plan."""

    name: str
    config: Config
    cache: bool
    """Shared by all runs with the same content."""
    continues: bool
    """Starts from the model of the stage before."""


@dataclass(frozen=True)
class Plan:
    """What a command will do: its stages, the last of which is the run itself."""

    stages: tuple[Stage, ...]
    changed: dict[str, Any]
    """What differs from the plain choice of model, data and algorithm, by dotted path."""

    @property
    def main(self) -> Config:
        """The configuration of the last stage."""
        return self.stages[-1].config


def load(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> Plan:
    """Compose and check everything a command asks for. Raises ConfigError with all problems."""
    command = read_command_line(overrides, user_dirs)
    problems = list(command.problems)
    command = _with_debug(command)
    try:
        values = compose_values(command.overrides(), user_dirs)
        preset = compose_values(command.preset(), user_dirs)
    except (HydraException, OmegaConfBaseException) as error:
        text = str(error).strip().splitlines()
        raise ConfigError([*problems, Problem("configuration", " ".join(text))]) from error
    stages, found = _stages(command, values, preset, user_dirs)
    problems += found
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    plain = compose_values(_plain(command).overrides(), user_dirs)
    return Plan(tuple(stages), _difference(values, plain))


def _plain(command: CommandLine) -> CommandLine:
    """Return what the run's name already tells: model, data, algorithm and debug."""
    named = {"model", "data", "algo"}
    choices = {key: text for key, text in command.choices.items() if key in named}
    debug = {key: text for key, text in command.values.items() if key == "debug"}
    return _with_debug(CommandLine(choices, debug, command.hydra, ()))


def _with_debug(command: CommandLine) -> CommandLine:
    """Put the values of conf/debug.yaml below the user's own when `debug=true`."""
    if command.values.get("debug", "").rpartition("=")[2].lower() != "true":
        return command
    shrink = yaml.safe_load((CONF_DIR / "debug.yaml").read_text(encoding="utf-8"))
    algo = command.choices.get("algo", "algo=grpo").rpartition("=")[2]
    settings = {**shrink["all"], **shrink.get(algo, {})}
    forced = {key: f"++{key}={value}" for key, value in settings.items()}
    return CommandLine(
        command.choices, {**forced, **command.values}, command.hydra, command.problems
    )


def _stages(
    command: CommandLine, values: Values, preset: Values, user_dirs: Sequence[Path]
) -> tuple[list[Stage], list[Problem]]:
    """Compose and validate each stage of the chosen pipeline."""
    main, problems = validate(values, preset)
    specs = values.get("pipeline", {}).get("stages", {})
    if main is None or not specs:
        return [], problems
    stages: list[Stage] = []
    for index, (name, spec) in enumerate(main.pipeline.stages.items()):
        config, found = _stage_config(command, main, spec, user_dirs)
        problems += [Problem(f"[stage {name}] {p.setting}", p.message) for p in found]
        if config is None:
            continue
        problems += _first_model(name, config) if index == 0 else []
        stages.append(Stage(name, config, spec.cache, continues=index > 0))
    return stages, problems


def _stage_config(
    command: CommandLine, main: Config, spec: StageConfig, user_dirs: Sequence[Path]
) -> tuple[Config | None, list[Problem]]:
    if not spec.choose and not spec.set:
        return main, []
    kept = {
        key: text for key, text in command.values.items() if key.split(".")[0] not in spec.choose
    }
    pipeline = command.choices.get("pipeline", f"pipeline={main.pipeline.name}")
    choices = {
        **command.choices,
        "pipeline": pipeline,
        **{group: f"{group}={option}" for group, option in spec.choose.items()},
    }
    settings = {key: f"++{key}={_literal(value)}" for key, value in _leaves(spec.set).items()}
    stage = _with_debug(CommandLine(choices, {**kept, **settings}, command.hydra, ()))
    preset = compose_values(stage.preset(), user_dirs)
    return validate(compose_values(stage.overrides(), user_dirs), preset)


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
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _first_model(stage: str, config: Config) -> list[Problem]:
    """Check that the first stage has a model to start from, and makes use of what it is given."""
    if config.model.init == "pretrained" and config.model.path is None:
        return [
            Problem(
                "model.path=null",
                f"stage `{stage}` starts from a model: set model.path=FOLDER or a Hub id, or "
                "choose a pipeline that makes one (pipeline=quickstart)",
            )
        ]
    if config.model.init != "pretrained" and config.model.path is not None:
        return [
            Problem(
                f"model.path={config.model.path}",
                f"stage `{stage}` makes its own model; to start from yours, add pipeline=single",
            )
        ]
    return []


def _difference(values: Values, preset: Values, prefix: str = "") -> dict[str, Any]:
    """Return what differs from the presets, without the settings that only say where to write."""
    changed: dict[str, Any] = {}
    for key in sorted({*values, *preset}):
        path = f"{prefix}{key}"
        ours, theirs = values.get(key), preset.get(key)
        if path in {"run", "tracker", "debug"} or ours == theirs:
            continue
        if isinstance(ours, dict) and isinstance(theirs, dict):
            changed |= _difference(ours, theirs, f"{path}.")
        else:
            changed[path] = ours
    return changed


def user_config_dirs(arguments: Sequence[str]) -> list[Path]:
    """Return the folders given as Hydra's `--config-dir`."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return [
        Path(value if flag in {"--config-dir", "-cd"} else flag.split("=", 1)[1]).resolve()
        for flag, value in pairs
        if (flag in {"--config-dir", "-cd"} and value) or flag.startswith("--config-dir=")
    ]
