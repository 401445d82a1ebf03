"""Validates what a custom reward function returned, for every trainer and collector alike.

TRL takes NaN for None and pads nothing: a wrong number of values would be an error far from the
function, and NaN for every completion a run that learns nothing.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from whetstone.rewards.base import RunStopped

_WANTED = "give one number for each completion, or None for no judgement"
_SHOWN = 60
_MOST = 1e16
"""Trainers add and square rewards in single precision, which ends at 3e38: a batch of ten thousand
at this size stays below it."""


def checked(given: Any, completions: Sequence[Any], fn: str) -> list[float | None]:
    """Return the values as floats.

    Args:
        given: What the function returned.
        completions: What it was asked about.
        fn: Its name, as `package.module:function`.

    Raises:
        RunStopped: they are not one number that can be added up, or None, per completion.

    """
    if isinstance(given, str | bytes | dict) or not isinstance(given, Iterable):
        raise _wrong(fn, f"{_short(given)}, of type {type(given).__name__}, for a batch")
    values = list(given)
    if len(values) != len(completions):
        raise _wrong(fn, f"{len(values)} values for {len(completions)} completions")
    rewards = [None if value is None else _number(value) for value in values]
    for number, (value, reward) in enumerate(zip(values, rewards, strict=True), start=1):
        if reward is None or (math.isfinite(reward) and abs(reward) <= _MOST):
            continue
        why = ", which is too large to be added up" if math.isfinite(reward) else ""
        told = f"{_short(value)} for completion {number} of {len(values)} of the batch"
        raise _wrong(fn, f"{told} ({_short(completions[number - 1])}){why}")
    return rewards


def _number(value: Any) -> float:
    """Return a number, also one of numpy's or torch's; NaN for what is none."""
    return float(value) if hasattr(value, "__float__") else math.nan


def _wrong(fn: str, given: str) -> RunStopped:
    return RunStopped(f"reward.custom.fn={fn} returned {given}; {_WANTED}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
