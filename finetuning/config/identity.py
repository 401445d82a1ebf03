"""Which settings make a run another run, and which may change when it is continued.

How fast a reward asks, what it may spend and where the model goes in the end change nothing that
is learned: a run that ended because its budget was used up goes on with a larger one.
"""

from typing import Any

from rewards.table import REWARDS

Values = dict[str, Any]

CHANGEABLE = frozenset(
    f"reward.{name}.{field}" for name, config in REWARDS.items() for field in config.changeable
) | {"hooks.publish"}
"""Settings that are no part of a run's identity, by dotted path."""


def identity(values: Values) -> Values:
    """Return a configuration without what may change when the run is continued."""
    return _without(values, "")


def _without(values: Values, prefix: str) -> Values:
    return {
        key: _without(value, f"{prefix}{key}.") if isinstance(value, dict) else value
        for key, value in values.items()
        if f"{prefix}{key}" not in CHANGEABLE
    }
