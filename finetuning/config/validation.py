"""The gate of `whetstone validate`: two models, prompts, and the settings of a run that it has.

Everything else goes through the gate of training, so that a reward means the same in both. What
would change nothing here is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.tasks import TASKS
from evaluation.tasks.jsonl import SUFFIX
from finetuning.config.command_line import config_groups
from finetuning.config.compose import compose_values
from finetuning.config.load import load
from finetuning.config.rules.outside import NANO_TASKS
from finetuning.config.schema import Config
from finetuning.config.suggest import did_you_mean
from finetuning.errors import ConfigError, Problem

_OWN = ("base", "tuned", "prompts")
_SHARED = ("reward", "backend", "seed", "debug", "hooks.evaluate", "data.stop", "run")
_MERGED = "merged"
_HUB_ID_PARTS = 2


@dataclass(frozen=True)
class ModelSource:
    """A model to validate: where its weights are, and what the user called it."""

    given: str
    path: str
    """A folder, or a Hub id."""
    revision: str | None
    trust_remote_code: bool


@dataclass(frozen=True)
class Validation:
    """What a validation is to do."""

    base: ModelSource
    tuned: ModelSource
    prompts: str
    """A JSONL file, or the name of a task."""
    config: Config


def load_validation(given: Sequence[str]) -> Validation:
    """Check a command line, all of it.

    Raises:
        ConfigError: with every problem.

    """
    problems: list[Problem] = []
    own: dict[str, str] = {}
    shared: list[str] = []
    for text in given:
        key, sign, value = text.partition("=")
        name = key.lstrip("+")
        if name in own:
            problems.append(Problem(text, f"`{name}` was given twice; keep one of them"))
        elif name in _OWN and sign:
            own[name] = value
        elif any(f"{name}.".startswith(f"{known}.") for known in _SHARED) and sign:
            shared.append(text)
        else:
            problems.append(Problem(text, f"no such setting; {did_you_mean(name, _OWN + _SHARED)}"))
    problems += [Problem(name, f"must be given: {name}=...") for name in _OWN if not own.get(name)]
    sources = {name: _source(name, own[name], problems) for name in _OWN[:2] if own.get(name)}
    prompts = own.get("prompts", "")
    config = _config(shared, prompts, problems)
    if problems or config is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    base, tuned = sources["base"], sources["tuned"]
    if base is None or tuned is None:
        raise ConfigError(problems)
    return Validation(base, tuned, prompts, config)


def _config(shared: list[str], prompts: str, problems: list[Problem]) -> Config | None:
    is_file = prompts.endswith(SUFFIX)
    if prompts and not is_file and prompts not in {*NANO_TASKS, *TASKS}:
        options = did_you_mean(prompts, [*NANO_TASKS, *TASKS])
        problems.append(
            Problem(f"prompts={prompts}", f"no such task; {options}, or a {SUFFIX} file")
        )
    fixed = ["model=qwen", "pipeline=single", "tracker=none", "algo=grpo"]
    data = ["data=jsonl", f"data.train={prompts}"] if is_file else ["data=nano"]
    # Nothing is measured but the prompts; and a task is looked for as an evaluation's would be.
    tasks = [] if is_file or not prompts else [prompts]
    fixed += [f"hooks.evaluate.tasks=[{','.join(tasks)}]", "hooks.evaluate.k=[1]"]
    try:
        config = load([*fixed, *data, *shared]).main
    except ConfigError as error:
        problems += [_as_asked(problem, prompts) for problem in error.problems]
        return None
    execution = config.reward.get("execution")
    if getattr(execution, "truncated_reward", None) is not None:
        remedy = "validate does not know which answers the token limit cut; leave it null"
        problems.append(Problem("reward.execution.truncated_reward", remedy))
    return config


def _as_asked(problem: Problem, prompts: str) -> Problem:
    """Name what the user typed, where the gate names the setting that we made of it."""
    if problem.setting.startswith(("data.train", "hooks.evaluate.tasks")):
        return Problem(f"prompts={prompts}", problem.message)
    return problem


def _source(name: str, given: str, problems: list[Problem]) -> ModelSource | None:
    """Find a model: a folder, a run's folder, a choice of conf/model, or a Hub id."""
    setting = f"{name}={given}"
    folder = Path(given).expanduser()
    if folder.is_dir():
        for place in (folder / _MERGED, folder):
            if (place / "config.json").is_file():
                return ModelSource(given, str(place), None, trust_remote_code=False)
        remedy = f"neither a model (config.json) nor a run that has ended ({_MERGED}/)"
        problems.append(Problem(setting, f"this folder is {remedy}"))
        return None
    choices = config_groups()["model"]
    if given in choices:
        model = compose_values([f"model={given}"], [])["model"]
        if model["path"] is None:
            remedy = "is made by a pipeline and has no weights to load; give the folder of a run"
            problems.append(Problem(setting, f"model={given} {remedy}"))
            return None
        return ModelSource(given, model["path"], model["revision"], model["trust_remote_code"])
    if given.startswith((".", "/", "~")) or len(given.split("/")) != _HUB_ID_PARTS:
        remedy = f"no such folder, and no such model in conf/; {did_you_mean(given, choices)}"
        problems.append(Problem(setting, remedy))
        return None
    return ModelSource(given, given, None, trust_remote_code=False)
