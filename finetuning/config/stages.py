"""The stages of a pipeline: the command's configuration with other choices and settings.

A stage trains a policy, trains a reward model, or collects data. Only the first kind makes what the
next stage starts from; what the others made is referred to by name (`stage:NAME`).

A group that a stage chooses starts from its own values: what the command line or an experiment
set for the algorithm of the run does not reach the algorithm of another stage.
"""

from dataclasses import dataclass, replace
from typing import Any

from whetstone.finetuning.config.command_line import CommandLine
from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.presets import with_debug
from whetstone.finetuning.config.references import references
from whetstone.finetuning.config.schema import Config, RewardTrainingConfig, StageConfig
from whetstone.finetuning.config.validate import MUST_BE_GIVEN, Values, validate
from whetstone.finetuning.errors import Problem

_DECIDES = "hooks.best.metric"


@dataclass(frozen=True)
class Stage:
    """One training of the plan, or one collection of data."""

    name: str
    config: Config
    cache: bool
    """Shared by all runs with the same content."""
    continues: bool
    """Starts from the policy of the last stage before it that trained one."""

    @property
    def title(self) -> str:
        """What a person calls it: a command's one stage that collects does not train."""
        return "collect" if self.config.collect is not None and self.name == "train" else self.name

    @property
    def makes_policy(self) -> bool:
        """Whether later stages start from what it trained."""
        return self.config.collect is None and not isinstance(
            self.config.algo, RewardTrainingConfig
        )


def build_stages(
    command: CommandLine, main: Config, composer: Composer
) -> tuple[list[Stage], list[Problem]]:
    """Compose and check each stage of the chosen pipeline."""
    stages: list[Stage] = []
    problems: list[Problem] = []
    earlier: dict[str, bool] = {}  # name, and whether it may have made a policy
    if "experiment" in command.choices:
        command = _with_choices_of_experiment(command, composer)
    for name, spec in main.pipeline.stages.items():
        if spec.when == "without_model" and main.model.path is not None:
            continue
        config, found = _stage_config(command, main, name, composer)
        problems += [_of_stage(name, problem) for problem in found]
        if config is not None:
            continues = any(earlier.values())
            problems += [] if continues else _first_model(name, config, spec)
            problems += _unknown_references(name, config, list(earlier))
            stages.append(Stage(name, config, spec.cache, continues))
        earlier[name] = config is None or stages[-1].makes_policy
    return stages, problems


def _with_choices_of_experiment(command: CommandLine, composer: Composer) -> CommandLine:
    """Name again what an experiment file chose, because a stage may have to leave the file out."""
    chosen = composer.choices(command.overrides())
    named = {group: f"{group}={chosen[group]}" for group in ("model", "data", "pipeline")}
    return replace(command, choices={**named, **command.choices})


def _stage_config(
    command: CommandLine, main: Config, name: str, composer: Composer
) -> tuple[Config | None, list[Problem]]:
    spec = main.pipeline.stages[name]
    if not spec.choose and not spec.set:
        return main, []
    own = {group: f"{group}={option}" for group, option in spec.choose.items()}
    of_user = {
        key: text for key, text in command.values.items() if key.split(".")[0] not in spec.choose
    }
    of_stage = {key: f"++{key}={_literal(value)}" for key, value in _leaves(spec.set).items()}
    if "algo" in own:  # another algorithm may not measure what decides in the run itself
        of_stage.setdefault(_DECIDES, f"++{_DECIDES}=null")
    choices = {**command.choices, **own}
    if "algo" in own and "collect" not in own:
        choices.pop("collect", None)  # the stage trains, whatever the command collects at the end
        of_user = {key: text for key, text in of_user.items() if key.split(".")[0] != "collect"}
    stage = replace(command, choices=choices, values={**of_user, **of_stage})
    values = _compose(stage, stage.overrides(), spec, composer)
    if values.get("debug") is True:  # a check of the path shrinks what the pipeline asks for, too
        own_path = f"pipeline.stages.{name}.set."
        of_own = {key.removeprefix(own_path) for key in command.values if key.startswith(own_path)}
        typed = of_own | (of_user.keys() - of_stage.keys())
        shrunk = with_debug(replace(stage, values={}), values).values
        smaller = {key: text for key, text in shrunk.items() if key not in typed}
        stage = replace(stage, values={**stage.values, **smaller})
        values = _compose(stage, stage.overrides(), spec, composer)
    return validate(values, lambda: _compose(stage, stage.preset(), spec, composer))


def _compose(
    stage: CommandLine, overrides: list[str], spec: StageConfig, composer: Composer
) -> Values:
    """Compose, and take the stage's own groups from a composition without the experiment."""
    values = composer.values(overrides)
    experiment = stage.choices.get("experiment")
    if experiment is not None:
        own = [override for override in overrides if override != experiment]
        without = composer.values(own)
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


def _of_stage(name: str, problem: Problem) -> Problem:
    """Say which stage a problem is of, and what is missing by the path that sets it there."""
    if problem.message.startswith(MUST_BE_GIVEN):
        path = f"pipeline.stages.{name}.set.{problem.setting}"
        return Problem(path, f"{MUST_BE_GIVEN} {path}=...")
    return replace(problem, setting=f"[stage {name}] {problem.setting}")


def _first_model(name: str, config: Config, spec: StageConfig) -> list[Problem]:
    """Check that the first stage has a model to start from, and makes use of what it is given."""
    makes_its_own = spec.set.get("model", {}).get("init") == "nano"
    if config.model.path is None:
        learns_from_nothing = config.collect is None and config.algo.name in {"pretrain", "sft"}
        if config.model.init != "nano" or not learns_from_nothing:
            remedy = (
                f"stage `{name}` starts from a model: set model.path=FOLDER or a Hub id, or "
                "choose a pipeline that makes one (pipeline=quickstart)"
            )
            return [Problem("model.path=null", remedy)]
        if config.model.adapter == "lora":
            remedy = f"stage `{name}` makes a new model, which has no base for an adapter; use full"
            return [Problem("model.adapter=lora", remedy)]
    elif makes_its_own:
        remedy = f"stage `{name}` makes its own model; to start from yours, add pipeline=single"
        return [Problem(f"model.path={config.model.path}", remedy)]
    return []


def _unknown_references(name: str, config: Config, earlier: list[str]) -> list[Problem]:
    known = f"earlier stages are: {', '.join(earlier)}" if earlier else "this is the first stage"
    return [
        Problem(f"[stage {name}] {setting}=stage:{stage}", f"no such stage; {known}")
        for setting, stage in references(config).items()
        if stage not in earlier
    ]
