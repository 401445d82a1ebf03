"""When training should stop early: one guard for each way in which going on is a waste.

A guard reads log rows in their order and nothing else, so that a resumed run comes to the same
answer by reading the rows of its checkpoint again. None of them judges a single row: batches are
noisy, and what stops a run must have lasted.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Protocol

from whetstone.finetuning.config.schema import EarlyStopConfig

Row = Mapping[str, Any]

# Of 1000 simulated runs of 1000 logs whose reward did not change (a share of 0.002 to 0.05 of the
# completions rewarded), 4 standard errors stopped 19, 5 stopped 1.
_STANDARD_ERRORS = 5.0


@dataclass(frozen=True)
class Stop:
    """Why training ended early."""

    guard: str
    """The setting that decides: `patience`, `max_kl`, `collapse_below` or `no_signal_logs`."""
    step: int
    reason: str
    remedy: str


class Guard(Protocol):
    """Reads rows one after the other."""

    name: str
    remedy: str

    def see(self, row: Row) -> str | None:
        """Return why training should stop after this row, or None."""
        ...


class Guards:
    """All guards of a run. The first that speaks up decides; what comes later is not heard."""

    def __init__(self, config: EarlyStopConfig, watch_metric: str | None) -> None:
        self._guards = build_guards(config, watch_metric) if config.enabled else []
        self.stop: Stop | None = None

    def see(self, row: Row, step: int) -> Stop | None:
        """Show a row to every guard."""
        for guard in self._guards:
            reason = guard.see(row)
            if reason and self.stop is None:
                self.stop = Stop(guard.name, step, reason, guard.remedy)
        return self.stop

    def replay(self, rows: Iterable[Row]) -> Stop | None:
        """Read what was logged before: rows with their `step`."""
        for row in rows:
            self.see(row, row["step"])
        return self.stop


def build_guards(config: EarlyStopConfig, watch_metric: str | None) -> list[Guard]:
    """Return the guards that are switched on."""
    guards: list[Guard] = []
    metric = config.metric or watch_metric
    if config.patience is not None and metric is not None:
        guards.append(Patience(metric, config))
    if config.max_kl is not None:
        guards.append(KlGuard(config.max_kl, config.max_kl_logs))
    if config.collapse_below is not None:
        guards.append(Collapse(config))
    if config.no_signal_logs is not None:
        guards.append(NoSignal(config.no_signal_logs))
    return guards


class Patience:
    """The chosen metric has not improved for a number of times that it was logged."""

    name = "patience"

    def __init__(self, metric: str, config: EarlyStopConfig) -> None:
        self._metric = metric
        self._most = config.patience
        self._sign = 1 if config.mode == "max" else -1
        self._min_delta = config.min_delta
        self._best = -math.inf
        self._since = 0
        self.remedy = (
            "the weights of the best held-out score may be the better ones (hooks.best); to train "
            "on, raise hooks.early_stop.patience or set it to null"
        )

    def see(self, row: Row) -> str | None:
        """Count the logs without an improvement."""
        value = number(row, self._metric)
        if value is None or math.isnan(value):
            return None
        if self._sign * value > self._best + self._min_delta:
            self._best, self._since = self._sign * value, 0
        else:
            self._since += 1
        if self._since != self._most:
            return None
        return (
            f"{self._metric} did not improve for {self._since} logs: its best was "
            f"{self._sign * self._best:.3f}, now it is {value:.3f}"
        )


class KlGuard:
    """The policy has run away from the model that it started from."""

    name = "max_kl"
    remedy = (
        "lower algo.args.learning_rate or raise algo.args.beta; to train on, raise "
        "hooks.early_stop.max_kl or set it to null"
    )

    def __init__(self, most: float, logs: int) -> None:
        self._most = most
        self._logs = logs
        self._above = 0

    def see(self, row: Row) -> str | None:
        """Count logs above the limit; a KL that is not a number is above any."""
        kl = number(row, "kl")
        if kl is None:
            return None
        self._above = 0 if kl <= self._most else self._above + 1
        if self._above != self._logs:
            return None
        return f"kl was above {self._most:g} for {self._above} logs in a row, the last {kl:.3g}"


class Collapse:
    """The reward was learned and is lost again."""

    name = "collapse_below"
    remedy = (
        "lower algo.args.learning_rate or raise algo.args.beta, and keep the weights of the best "
        "held-out score (hooks.best); to train on, set hooks.early_stop.collapse_below=null"
    )

    def __init__(self, config: EarlyStopConfig) -> None:
        self._fraction = config.collapse_below or 0.0
        self._logs = config.collapse_logs
        self._window: deque[float] = deque(maxlen=config.collapse_window)
        # A run that begins well and collapses at once would never fill its window with rewards.
        self._fewest = config.collapse_window // 4
        self._best = self._noise_at_best = 0.0
        self._below = 0

    def see(self, row: Row) -> str | None:
        """Compare the moving average with its best; a reward of zero or less cannot collapse.

        The best of many averages is partly luck, and half of very little is little: the fall must
        also be larger than five standard errors of both averages together.
        """
        reward = number(row, "reward")
        if reward is None or math.isnan(reward):
            return None
        self._window.append(reward)
        if len(self._window) < max(2, self._fewest):
            return None
        mean = fmean(self._window)
        noise = stdev(self._window) / math.sqrt(len(self._window))
        if mean > self._best:
            self._best, self._noise_at_best = mean, noise
        fall = self._best - mean
        is_low = self._best > 0.0 and mean < self._fraction * self._best
        is_no_luck = fall > _STANDARD_ERRORS * math.hypot(noise, self._noise_at_best)
        self._below = self._below + 1 if is_low and is_no_luck else 0
        if self._below != self._logs:
            return None
        return (
            f"the reward's mean over {len(self._window)} logs fell to {mean:.3f}, below "
            f"{self._fraction:g} of its best, {self._best:.3f}, and stayed there for "
            f"{self._below} logs"
        )


class NoSignal:
    """No completion earns anything, so nothing tells the policy what would be better."""

    name = "no_signal_logs"
    remedy = (
        "the problems are too hard for this model, or the reward cannot be earned (run `whetstone "
        "audit`): try easier data, a supervised stage first, reward.execution.partial_credit=true; "
        "to train on, set hooks.early_stop.no_signal_logs=null"
    )

    def __init__(self, logs: int) -> None:
        self._logs = logs
        self._empty = 0

    def see(self, row: Row) -> str | None:
        """Count logs in which every group had equal rewards and none was above zero."""
        reward, equal = number(row, "reward"), number(row, "frac_reward_zero_std")
        if reward is None or equal is None or math.isnan(reward):
            return None
        self._empty = self._empty + 1 if equal >= 1.0 and reward <= 0.0 else 0
        if self._empty != self._logs:
            return None
        return f"for {self._empty} logs in a row no completion had a reward above zero"


def number(row: Row, name: str) -> float | None:
    """Return a logged figure, or None; trainers log some of them as text."""
    value = row.get(name)
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None
