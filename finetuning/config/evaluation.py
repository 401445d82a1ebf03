"""The gate of `whetstone evaluate`: `key=value` over conf/evaluate.yaml, every error at once.

Not composed by Hydra, because `model=` is no choice here: it may be a folder or a Hub id.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from hydra.errors import HydraException
from pydantic import ValidationError

from evaluation.tasks import TASKS, why_unavailable
from evaluation.tasks.jsonl import SUFFIX
from finetuning.config.command_line import CONF_DIR, config_groups
from finetuning.config.rules.outside import NANO_TASKS
from finetuning.config.schema.evaluation import EvaluationConfig
from finetuning.config.suggest import did_you_mean, nearest
from finetuning.errors import ConfigError, Problem

FILE = CONF_DIR / "evaluate.yaml"
_MISSING = "???"


def load_evaluation(overrides: Sequence[str]) -> EvaluationConfig:
    """Read `key=value` arguments into a checked configuration.

    Raises:
        ConfigError: with all problems.

    """
    values: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    defaults = dict(values)
    given, problems = _read(overrides)
    for key in given.keys() - defaults.keys():
        known = did_you_mean(key, defaults)
        problems.append(Problem(f"{key}={given[key]}", f"no such setting; {known}"))
    values |= {key: value for key, value in given.items() if key in defaults}
    if values["model"] == _MISSING:
        problems.append(Problem("model", "must be given: model=NAME, a folder or a Hub id"))
    config, found = _parsed(values, defaults)
    problems += found
    problems += [problem for rule in _RULES for problem in rule(config)]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return config


def _read(overrides: Sequence[str]) -> tuple[dict[str, Any], list[Problem]]:
    parser = OverridesParser.create()
    given: dict[str, Any] = {}
    problems = []
    for text in overrides:
        try:
            override = parser.parse_override(text)
        except HydraException as error:
            reason = str(error).splitlines()[0]
            problems.append(Problem(text, f"cannot be read as `setting=value` ({reason})"))
            continue
        key = override.key_or_group
        if key in given:
            problems.append(Problem(text, f"`{key}` was given twice; keep one of them"))
        elif override.is_sweep_override():
            problems.append(Problem(text, f"one value is wanted; several tasks: {key}=[a,b]"))
        else:
            given[key] = _plain(override.value())
    return given, problems


def _plain(value: Any) -> Any:
    """Turn Hydra's quoted strings into text."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.text if isinstance(value, QuotedString) else value


def _parsed(
    values: dict[str, Any], defaults: dict[str, Any]
) -> tuple[EvaluationConfig, list[Problem]]:
    """Return the configuration, with the file's value where one is wrong, and what is wrong."""
    try:
        return EvaluationConfig.model_validate(values), []
    except ValidationError as error:
        details = error.errors()
    wrong = {str(detail["loc"][0]) for detail in details}
    repaired = EvaluationConfig.model_validate(values | {key: defaults[key] for key in wrong})
    return repaired, [
        Problem(
            f"{'.'.join(map(str, detail['loc']))}={detail['input']}",
            detail["msg"][0].lower() + detail["msg"][1:],
        )
        for detail in details
    ]


def _tasks_can_be_had(config: EvaluationConfig) -> Iterator[Problem]:
    for task in config.tasks:
        if task in NANO_TASKS:
            continue
        if task not in TASKS and not task.endswith(SUFFIX):
            options = did_you_mean(task, [*NANO_TASKS, *TASKS])
            yield Problem(f"tasks={task}", f"no such task; {options}, or a {SUFFIX} file")
        elif reason := why_unavailable(task):
            yield Problem(f"tasks={task}", reason)
    for stem, count in Counter(Path(task).stem for task in config.tasks).items():
        if count > 1:
            yield Problem("tasks", f"two are called `{stem}`; their results would collide")


def _one_quantization(config: EvaluationConfig) -> Iterator[Problem]:
    if config.load_in_4bit and config.load_in_8bit:
        yield Problem("load_in_8bit=true", "load_in_4bit is true as well; choose one")


def _model_may_exist(config: EvaluationConfig) -> Iterator[Problem]:
    """Refuse what is neither a name, nor a folder, nor anything that the Hub could know."""
    name, names = config.model, config_groups()["model"]
    if name == _MISSING or name in names or Path(name).expanduser().is_dir():
        return
    looks_local = name.startswith((".", "/", "~")) or name.count("/") > 1
    if looks_local or name.startswith(f"{config.outputs}/"):
        yield Problem(f"model={name}", "there is no such folder")
    elif "/" not in name and nearest(name, names):
        yield Problem(f"model={name}", f"no such model; {did_you_mean(name, names)}")


_RULES = (_tasks_can_be_had, _one_quantization, _model_may_exist)
