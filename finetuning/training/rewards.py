"""The rewards of a stage: opened, checked against the rows, and what they will cost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from whetstone.finetuning.config import Config
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.base import Costs, Prepares, Reward, RewardConfig
from whetstone.rewards.composition import RewardSet, UnusableRewardsError


def open_rewards(configs: Iterable[RewardConfig], folder: Path | None = None) -> RewardSet:
    """Build rewards that are used together.

    Args:
        configs: Those of a configuration.
        folder: Where those that keep files leave them; None where nothing is kept.

    Raises:
        ConfigError: With all that cannot be built.

    """
    try:
        return RewardSet(configs, folder)
    except UnusableRewardsError as error:
        reasons = error.reasons.items()
        raise ConfigError([Problem(f"reward.{name}", why) for name, why in reasons]) from error


def check_rewards(config: Config) -> None:
    """Build the rewards once and let them go, so that a wrong one is known before any stage."""
    specs = list(config.reward.values())
    # What an earlier stage has to make first cannot be built, nor what waits for such a reward.
    if all(referred(getattr(spec, "path", None)) is None for spec in specs):
        open_rewards(specs).close()


def check_columns(
    specs: Iterable[RewardConfig], names: Iterable[str], values: Callable[[str], Iterable[Any]]
) -> None:
    """Check that the rows have what the rewards read, and that it can be judged here.

    Args:
        specs: The rewards.
        names: The columns of the rows.
        values: Returns the values of a column.

    Raises:
        ConfigError: Before weights load.

    """
    known = set(names)
    problems: list[Problem] = []
    for spec in specs:
        setting = f"reward.{spec.name}"
        if missing := sorted(spec.columns - known):
            told = "needs the field `{}` in every row of the data"
            problems += [Problem(setting, told.format(column)) for column in missing]
            continue
        try:
            spec.check_rows(values)
        except ValueError as error:
            problems.append(Problem(setting, str(error)))
    if problems:
        raise ConfigError(problems)


def prepare_rewards(
    rewards: Iterable[Reward], columns: Mapping[str, Sequence[Any]], console: Console
) -> None:
    """Let rewards look at every problem, and say what they found.

    Raises:
        ConfigError: Before weights load.

    """
    for reward in rewards:
        if not isinstance(reward, Prepares):
            continue
        try:
            told = reward.prepare(columns)
        except ValueError as error:
            raise ConfigError([Problem(f"reward.{reward.__name__}", str(error))]) from error
        console.print(f"{reward.__name__}: {told}", highlight=False)


def tell_costs(
    rewards: Sequence[Reward],
    prompts: Sequence[Any],
    completions: tuple[int, int],
    tokens: int,
    console: Console,
) -> None:
    """Say what rewards that are paid for will cost at most, before anything is spent.

    Args:
        rewards: All of them.
        prompts: Those of the data.
        completions: How often a prompt is answered, and the completions of one.
        tokens: Length of a completion, at most.
        console: Where it is said.

    """
    groups, group = completions
    for reward in rewards:
        if isinstance(reward, Costs):
            console.print(reward.estimate(prompts, groups, group, tokens), highlight=False)
