"""The gate of `whetstone validate`: two models, prompts, and the settings of a run that it has.

Everything else goes through the gate of training, so that a reward means the same in both. What
would change nothing here is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.tasks import TASKS
from evaluation.tasks.jsonl import SUFFIX
from finetuning.config.load import load
from finetuning.config.overrides import with_home
from finetuning.config.resolve_model import ModelRef, resolve_model
from finetuning.config.rules.outside import NANO_TASKS
from finetuning.config.schema import Config
from finetuning.config.suggest import did_you_mean
from finetuning.credentials import why_refused
from finetuning.errors import ConfigError, Problem

_OWN = ("base", "tuned", "prompts")
_SHARED = ("reward", "backend", "seed", "debug", "hooks.evaluate", "data.stop", "run")


@dataclass(frozen=True)
class Validation:
    """What a validation is to do."""

    base: ModelRef
    tuned: ModelRef
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
    refused: set[str] = set()
    shared: list[str] = []
    for text in map(with_home, given):
        key, sign, value = text.partition("=")
        name = key.lstrip("+")
        if reason := why_refused(name, value):
            refused.add(name)
            problems.append(Problem(name, reason))
        elif name in own:
            problems.append(Problem(text, f"`{name}` was given twice; keep one of them"))
        elif name in _OWN and sign:
            own[name] = value
        elif any(f"{name}.".startswith(f"{known}.") for known in _SHARED) and sign:
            shared.append(text)
        else:
            problems.append(Problem(text, f"no such setting; {did_you_mean(name, _OWN + _SHARED)}"))
    lacking = [name for name in _OWN if not own.get(name) and name not in refused]
    problems += [Problem(name, f"must be given: {name}=...") for name in lacking]
    models: dict[str, ModelRef] = {}
    for name in _OWN[:2]:
        try:
            if own.get(name):
                models[name] = resolve_model(own[name], f"{name}={own[name]}")
        except ConfigError as error:
            problems += error.problems
    prompts = own.get("prompts", "")
    config = _config(shared, prompts, problems)
    if problems or config is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Validation(models["base"], models["tuned"], prompts, config)


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
