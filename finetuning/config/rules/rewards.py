"""What rewards need before they are built: functions, models, and a weight that counts."""

from collections.abc import Iterator

from finetuning.config.references import referred
from finetuning.config.schema import BaseCollect, Config, OnlineConfig
from finetuning.config.settings import MISSING
from finetuning.errors import Problem
from rewards.custom import FORM, CustomConfig, names_a_function
from rewards.execution import ExecutionConfig
from rewards.find import why_missing
from rewards.sandbox.packages import missing_packages


def custom_functions_are_there(config: Config) -> Iterator[Problem]:
    """Check the name of a function, and that its module's file has it; nothing is imported."""
    for spec in config.reward.values():
        if not isinstance(spec, CustomConfig) or spec.fn == MISSING:
            continue
        reason = why_missing(spec.fn) if names_a_function(spec.fn) else FORM
        if reason:
            yield Problem(f"reward.custom.fn={spec.fn}", reason)


def models_of_rewards_are_there(config: Config) -> Iterator[Problem]:
    """Check the folder of a reward that is a model; its weights load with its first batch."""
    for name, spec in config.reward.items():
        path = str(getattr(spec, "path", MISSING))
        if path == MISSING or referred(path) is not None:
            continue
        try:
            spec.build().close()
        except ValueError as error:
            setting = f"path={path}"
            message = str(error).removeprefix(f"{setting}: ")
            yield Problem(f"reward.{name}.{setting}", message)


def packages_are_installed(config: Config) -> Iterator[Problem]:
    """Check the packages of programs; nothing is imported for it."""
    for name, spec in config.reward.items():
        if isinstance(spec, ExecutionConfig) and (missing := missing_packages(spec.packages)):
            listed = ", ".join(missing)
            remedy = f"not installed here: pip install {' '.join(missing)}, or leave it out"
            yield Problem(f"reward.{name}.packages=[{listed}]", remedy)


def rewards_count(config: Config) -> Iterator[Problem]:
    """Check that something is rewarded where a sum of rewards is all that is learned from."""
    is_judged = (
        isinstance(config.algo, OnlineConfig)
        if config.collect is None
        else not isinstance(config.collect, BaseCollect)
    )
    if is_judged and config.reward and all(spec.weight == 0 for spec in config.reward.values()):
        settings = ", ".join(f"reward.{name}.weight=0" for name in config.reward)
        yield Problem(settings, "every completion would be worth 0; give one of them a weight")
