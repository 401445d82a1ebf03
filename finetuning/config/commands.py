"""The gates of the small commands: `key=value` over a YAML of conf/, every error at once.

Each looks at folders as well, so that a command that cannot work says so before torch loads.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from whetstone.evaluation.audit.mutants import MISSING as NO_MUTANTS
from whetstone.evaluation.audit.mutants import can_mutate
from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.finetuning.config.resolve_model import WANTED
from whetstone.finetuning.config.rules.backend import device_is_here, sampler_is_installed
from whetstone.finetuning.config.rules.model import (
    adapter_may_exist,
    model_can_be_meant,
    no_adapter,
    not_a_repo,
)
from whetstone.finetuning.config.rules.outside import tasks_can_be_had, window_chooses
from whetstone.finetuning.config.schema.commands import (
    AuditDataSettings,
    EvaluationConfig,
    GenerateSettings,
    MergeSettings,
    PublishDatasetSettings,
    PublishModelSettings,
    StrengthenSettings,
)
from whetstone.finetuning.config.settings import MISSING, S, read_settings
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.sandbox.packages import missing_packages, why_missing

_REPO = "repo=OWNER/NAME: a name on the Hub, such as me/model"


_DATA = {"data": "data=FILE.jsonl: a file of problems with tests, or a name such as mbpp"}


def load_audit_data(overrides: Sequence[str]) -> AuditDataSettings:
    """Read the settings of `whetstone audit data=...`. Raises ConfigError with all problems."""
    settings, problems = read_settings(overrides, "audit_data.yaml", AuditDataSettings, _DATA)
    problems += tasks_can_be_had(("tasks", task) for task in settings.tasks)
    problems += _no_such_file(settings.data)
    return _checked(settings, problems)


def load_strengthen(overrides: Sequence[str]) -> StrengthenSettings:
    """Read the settings of `whetstone strengthen`. Raises ConfigError with all problems."""
    settings, problems = read_settings(overrides, "strengthen.yaml", StrengthenSettings, _DATA)
    problems += _no_such_file(settings.data)
    if not can_mutate():
        problems.append(Problem(f"mutants={settings.mutants}", NO_MUTANTS))
    return _checked(settings, problems)


def _no_such_file(data: str) -> Iterator[Problem]:
    if data.endswith(SUFFIX) and not Path(data).is_file():
        yield Problem(f"data={data}", "no such file")


def load_merge(overrides: Sequence[str]) -> MergeSettings:
    """Read the settings of `whetstone merge`. Raises ConfigError with all problems."""
    needed = {"adapter": "adapter=FOLDER: a folder, such as outputs/NAME/adapter"}
    settings, problems = read_settings(overrides, "merge.yaml", MergeSettings, needed)
    if str(settings.adapter) != MISSING:
        problems += no_adapter(settings.adapter)
    if settings.base is not None:
        problems += model_can_be_meant("base", settings.base)
    if settings.repo is not None:
        problems += not_a_repo("repo", settings.repo)
    elif settings.push:
        problems.append(Problem("push=true", "where to? add repo=OWNER/NAME"))
    out = settings.out
    if out is not None and out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        problems.append(Problem(f"out={out}", "it already exists; choose another folder"))
    return _checked(settings, problems)


def load_generate(overrides: Sequence[str]) -> GenerateSettings:
    """Read the settings of `whetstone generate`. Raises ConfigError with all problems."""
    needed = {"model": f"model=NAME: {WANTED}"}
    settings, problems = read_settings(overrides, "generate.yaml", GenerateSettings, needed)
    problems += model_can_be_meant("model", settings.model)
    problems += adapter_may_exist(settings.adapter)
    problems += device_is_here(f"device={settings.device}", settings.device)
    problems += sampler_is_installed("rollout", settings.rollout)
    return _checked(settings, problems)


def load_publish_model(overrides: Sequence[str]) -> PublishModelSettings:
    """Read the settings of `whetstone publish model`. Raises ConfigError with all problems."""
    needed = {
        "run": "run=FOLDER: the folder of a run, such as outputs/NAME",
        "repo": "repo=OWNER/NAME: a name on the Hub",
    }
    settings, problems = read_settings(
        overrides, "publish_model.yaml", PublishModelSettings, needed
    )
    problems += not_a_repo("repo", settings.repo)
    if settings.base is not None:
        problems += not_a_repo("base", settings.base)
    return _checked(settings, problems)


def load_publish_dataset(overrides: Sequence[str]) -> PublishDatasetSettings:
    """Read the settings of `whetstone publish dataset`. Raises ConfigError with all problems."""
    needed = {
        "folder": "folder=FOLDER: a folder, such as outputs/NAME/dataset",
        "repo": "repo=OWNER/NAME: a name on the Hub",
    }
    settings, problems = read_settings(
        overrides, "publish_dataset.yaml", PublishDatasetSettings, needed
    )
    problems += not_a_repo("repo", settings.repo)
    return _checked(settings, problems)


def _checked(settings: S, problems: list[Problem]) -> S:
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return settings


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


def _window_chooses(config: EvaluationConfig) -> Iterator[Problem]:
    yield from window_chooses("window", config.window, config.tasks)


def _packages_are_installed(config: EvaluationConfig) -> Iterator[Problem]:
    if missing := missing_packages(config.packages):
        yield Problem(f"packages=[{','.join(missing)}]", why_missing(missing))


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
    _window_chooses,
    _packages_are_installed,
    _one_quantization,
    _model_may_exist,
    _adapter_may_exist,
    _device_is_here,
    _sampler_can_be_had,
)
