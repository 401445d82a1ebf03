"""The gate of `whetstone evaluate`: `key=value` over conf/evaluate.yaml, every error at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from finetuning.config.resolve_model import WANTED
from finetuning.config.rules.adapters import adapter_may_exist
from finetuning.config.rules.backend import device_is_here, sampler_is_installed
from finetuning.config.rules.models import model_can_be_meant
from finetuning.config.rules.outside import tasks_can_be_had
from finetuning.config.schema.evaluation import EvaluationConfig
from finetuning.config.settings import read_settings
from finetuning.errors import ConfigError, Problem

FILE = "evaluate.yaml"
NEEDED = {"model": f"model=NAME: {WANTED}"}


def load_evaluation(overrides: Sequence[str]) -> EvaluationConfig:
    """Read `key=value` arguments into a checked configuration.

    Raises:
        ConfigError: with all problems.

    """
    config, problems = read_settings(overrides, FILE, EvaluationConfig, NEEDED)
    wrong = {problem.setting.partition("=")[0] for problem in problems}
    found = [problem for rule in _RULES for problem in rule(config)]
    # What is wrong already is not judged by the file's value in its place.
    problems += [problem for problem in found if problem.setting.partition("=")[0] not in wrong]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return config


def _tasks_can_be_had(config: EvaluationConfig) -> Iterator[Problem]:
    yield from tasks_can_be_had(("tasks", task) for task in config.tasks)
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
