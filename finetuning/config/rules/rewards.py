"""What rewards need before they are built: functions, models, and a weight that counts."""

from collections.abc import Iterator

from finetuning.config.references import referred
from finetuning.config.schema import Config
from finetuning.config.settings import MISSING
from finetuning.errors import Problem
from rewards.custom import CustomConfig
from rewards.find import why_no_name, why_unusable


def custom_functions_can_be_called(config: Config) -> Iterator[Problem]:
    """Check a function's name, that its module's file has it, and how it is called, by reading."""
    for spec in config.reward.values():
        if not isinstance(spec, CustomConfig) or spec.fn == MISSING:
            continue
        if reason := why_no_name(spec.fn) or why_unusable(spec.fn):
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


def rewards_count(config: Config) -> Iterator[Problem]:
    """Check that something is rewarded where a sum of rewards is all that is learned from."""
    if config.asks_rewards and config.reward and all(not w.weight for w in config.reward.values()):
        settings = ", ".join(f"reward.{name}.weight=0" for name in config.reward)
        yield Problem(settings, "every completion would be worth 0; give one of them a weight")
