"""The gate of `whetstone validate`: two models, prompts, and the settings of a run that it has.

Everything else goes through the gate of training, so that a reward means the same in both. What
would change nothing here is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.finetuning.config.load import load
from whetstone.finetuning.config.own_settings import part
from whetstone.finetuning.config.resolve_model import WANTED, ModelRef, resolve_model
from whetstone.finetuning.config.rules.outside import no_such_task
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.errors import ConfigError, Problem

_OWN = {
    "base": WANTED,
    "tuned": WANTED,
    "prompts": f"a {SUFFIX} file or the name of a task",
}
_MODELS = ("base", "tuned")
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
    parted = part(given, _OWN, _SHARED)
    own, problems = parted.own, parted.problems
    models: dict[str, ModelRef] = {}
    for name in _MODELS:
        try:
            if own.get(name):
                models[name] = resolve_model(own[name], f"{name}={own[name]}")
        except ConfigError as error:
            problems += error.problems
    prompts = own.get("prompts", "")
    config = _config(parted.shared, prompts, problems)
    if problems or config is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Validation(models["base"], models["tuned"], prompts, config)


def _config(shared: list[str], prompts: str, problems: list[Problem]) -> Config | None:
    is_file = prompts.endswith(SUFFIX)
    if prompts and (told := no_such_task(prompts)):
        problems.append(Problem(f"prompts={prompts}", told))
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
        return replace(problem, setting=f"prompts={prompts}")
    return problem
