"""The gate of `whetstone evaluate`: `key=value` over conf/evaluate.yaml, every error at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluation.tasks import TASKS, why_unavailable
from evaluation.tasks.jsonl import SUFFIX
from finetuning.config.rules.adapters import adapter_may_exist
from finetuning.config.rules.backend import device_is_here, sampler_is_installed
from finetuning.config.rules.models import model_can_be_meant
from finetuning.config.rules.outside import NANO_TASKS
from finetuning.config.schema.evaluation import EvaluationConfig
from finetuning.config.settings import read_settings
from finetuning.config.suggest import did_you_mean
from finetuning.errors import ConfigError, Problem

FILE = "evaluate.yaml"
NEEDED = {"model": "model=NAME, a folder or a Hub id"}


def load_evaluation(overrides: Sequence[str]) -> EvaluationConfig:
    """Read `key=value` arguments into a checked configuration.

    Raises:
        ConfigError: with all problems.

    """
    config, problems = read_settings(overrides, FILE, EvaluationConfig, NEEDED)
    problems += [problem for rule in _RULES for problem in rule(config)]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return config


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
    yield from model_can_be_meant("model", config.model, config.outputs)


def _adapter_may_exist(config: EvaluationConfig) -> Iterator[Problem]:
    yield from adapter_may_exist(config.adapter)


def _device_is_here(config: EvaluationConfig) -> Iterator[Problem]:
    yield from device_is_here(f"device={config.device}", config.device)


def _sampler_can_be_had(config: EvaluationConfig) -> Iterator[Problem]:
    yield from sampler_is_installed("rollout", config.rollout)
    if config.rollout == "mlx" and config.load_in_8bit:
        remedy = "only transformers reads weights in 8 bits; leave one of them out"
        yield Problem("rollout=mlx", remedy)


_RULES = (
    _tasks_can_be_had,
    _one_quantization,
    _model_may_exist,
    _adapter_may_exist,
    _device_is_here,
    _sampler_can_be_had,
)
