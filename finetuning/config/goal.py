"""Which held-out figure decides what a run finishes with, and which way it is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.formats.dataset_type import Need

_NOISE_OF_A_LOOK = 0.1
"""About two standard errors of the difference of two pass@1 of 100 problems."""
_LOSS = "eval_loss"
_TOKENS = (_LOSS, "eval_mean_token_accuracy")
_MEASURED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sft": _TOKENS,
        "pretrain": _TOKENS,
        "dpo": (_LOSS, "eval_rewards/accuracies", "eval_rewards/margins"),
        "kto": (_LOSS, "eval_rewards/margins"),
        "reward": (_LOSS, "eval_accuracy", "eval_margin"),
    }
)
"""What TRL's trainers say of held-out rows that tells a better model from a worse one."""


@dataclass(frozen=True)
class Goal:
    """A held-out figure that training should better."""

    metric: str
    """Its name in metrics.jsonl."""
    margin: float
    """What is worse by no more than this is as good: what two measurements differ by luck."""

    def gain(self, value: float) -> float:
        """Return a value that is higher where the figure is better."""
        return -value if self.metric.endswith("loss") else value


def watch_metric(config: Config) -> str | None:
    """Return the metric of held-out evaluations during training; None where there are none."""
    task = config.data.watch_task if config.algo.name != "reward" else None
    return f"eval/{task}/pass@1" if task and config.hooks.watch.every_steps else None


def possible_metrics(config: Config) -> tuple[str, ...]:
    """Return the figures that can decide in this run, the usual one first.

    Passing tests counts more than a loss. Held-out rows are the same at each look, so that no luck
    is in their figures.
    """
    if not config.hooks.watch.every_steps:
        return ()
    look = watch_metric(config)
    of_rows = () if config.algo.need is Need.PROMPTS else _MEASURED.get(config.algo.name, (_LOSS,))
    return (*([look] if look else []), *of_rows)


def best_goal(config: Config) -> Goal | None:
    """Return what decides which weights become the finished model; None: they are the last."""
    wanted, possible = config.hooks.best, possible_metrics(config)
    if not wanted.keep or not possible:
        return None
    metric = wanted.metric or watch_metric(config)
    if metric is None:
        return None
    usual = _NOISE_OF_A_LOOK if metric == watch_metric(config) else 0.0
    return Goal(metric, usual if wanted.margin is None else wanted.margin)
