"""What hooks need before anything is loaded."""

from collections.abc import Iterator

from whetstone.finetuning.config.goal import possible_metrics
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.errors import Problem
from whetstone.rewards.custom.lookup import why_no_class, why_no_name


def custom_hooks_are_there(config: Config) -> Iterator[Problem]:
    """Check the name of each callback, and that its module's file has it, by reading."""
    for name in config.hooks.custom:
        if reason := why_no_name(name) or why_no_class(name):
            yield Problem(f"hooks.custom={name}", reason)


def what_decides_is_measured(config: Config) -> Iterator[Problem]:
    """Check that the figure by which weights are chosen is one that this run measures."""
    wanted, possible = config.hooks.best.metric, possible_metrics(config)
    if wanted is None or wanted in possible or not config.hooks.best.keep:
        return
    if not config.hooks.watch.every_steps:
        reason = "nothing is measured in between; set hooks.watch.every_steps, to 10 for example"
    elif not possible:
        reason = f"algo={config.algo.name} measures no held-out rows; set data.watch_task"
    else:
        reason = f"held out are measured {', '.join(possible)}; choose one of them, or null"
    yield Problem(f"hooks.best.metric={wanted}", reason)
