"""What rewards need before they are built: functions, models, and a weight that counts."""

from collections.abc import Iterator

from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.schema import Config, OnlineConfig
from whetstone.finetuning.config.settings import MISSING
from whetstone.finetuning.errors import MissingKey, Problem
from whetstone.rewards.composition import UnusableRewardsError, in_order
from whetstone.rewards.custom.lookup import why_no_name, why_unusable
from whetstone.rewards.custom.reward import CustomConfig
from whetstone.rewards.execution import ExecutionConfig
from whetstone.rewards.sandbox.packages import missing_packages, why_missing
from whetstone.rewards.teacher.config import TeacherConfig


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


def packages_are_installed(config: Config) -> Iterator[Problem]:
    """Check the packages of programs; nothing is imported for it."""
    for name, spec in config.reward.items():
        if isinstance(spec, ExecutionConfig) and (missing := missing_packages(spec.packages)):
            yield Problem(f"reward.{name}.packages=[{','.join(missing)}]", why_missing(missing))
    if missing := missing_packages(config.hooks.evaluate.packages):
        setting = f"hooks.evaluate.packages=[{','.join(missing)}]"
        yield Problem(setting, why_missing(missing))


def rewards_count(config: Config) -> Iterator[Problem]:
    """Check that something is rewarded where a sum of rewards is all that is learned from."""
    if config.asks_rewards and config.reward and all(not w.weight for w in config.reward.values()):
        settings = ", ".join(f"reward.{name}.weight=0" for name in config.reward)
        yield Problem(settings, "every completion would be worth 0; give one of them a weight")


def teacher_has_its_key(config: Config) -> Iterator[Problem]:
    """Check that the environment holds the teacher's key."""
    for spec in config.reward.values():
        if isinstance(spec, TeacherConfig) and not spec.has_key():
            yield MissingKey(
                f"reward.teacher.api_key_env={spec.api_key_env}",
                "the environment has no such variable; export it, name the one that you have"
                " (ANTHROPIC_API_KEY), or set null for an endpoint that needs no key",
            )


def batches_are_for_collecting(config: Config) -> Iterator[Problem]:
    """Check that no training waits hours for each of its steps; one without rewards does not."""
    if config.collect is not None or not isinstance(config.algo, OnlineConfig):
        return
    for spec in config.reward.values():
        if isinstance(spec, TeacherConfig) and spec.batch.enabled:
            yield Problem(
                "reward.teacher.batch.enabled=true",
                "a batch may take a day, and training would wait for one at each step; it is for"
                " `whetstone collect`",
            )


def verdicts_are_posted(config: Config) -> Iterator[Problem]:
    """Check that a reward which waits for another's verdicts has it beside it."""
    try:
        in_order(config.reward.values())
    except UnusableRewardsError as error:
        yield from (Problem(f"reward.{name}.when", why) for name, why in error.reasons.items())
