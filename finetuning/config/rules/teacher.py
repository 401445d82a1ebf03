"""What `reward=teacher` needs: its key, and the reward whose verdicts it waits for."""

from collections.abc import Iterator

from finetuning.config.schema import Config, OnlineConfig
from finetuning.errors import MissingKey, Problem
from rewards.base import RewardConfig
from rewards.teacher.config import TeacherConfig
from rewards.together import in_order


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
        in_order(list(config.reward.values()))
    except ValueError as error:
        waiting = [name for name, spec in config.reward.items() if _waits_in_vain(spec, config)]
        yield Problem(f"reward.{waiting[0]}.when", str(error))


def _waits_in_vain(spec: RewardConfig, config: Config) -> bool:
    return spec.after is not None and spec.after not in config.reward
