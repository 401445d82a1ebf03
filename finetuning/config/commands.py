"""The gates of the small commands: `key=value` over a YAML of conf/, every error at once.

Each looks at folders as well, so that a command that cannot work says so before torch loads.
"""

from collections.abc import Sequence

from finetuning.config.resolve_model import WANTED
from finetuning.config.rules.adapters import adapter_may_exist, no_adapter
from finetuning.config.rules.backend import device_is_here, sampler_is_installed
from finetuning.config.rules.models import model_can_be_meant, not_a_repo
from finetuning.config.schema.commands import (
    GenerateSettings,
    MergeSettings,
    PublishDatasetSettings,
    PublishModelSettings,
)
from finetuning.config.settings import MISSING, S, read_settings
from finetuning.errors import ConfigError, Problem

_REPO = "repo=OWNER/NAME: a name on the Hub, such as me/model"


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
        problems.append(Problem(f"out={out}", "this is there already; choose another folder"))
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
