"""The exploit suite. Each module holds some families; the order is that of the table."""

from whetstone.rewards.audit.attack import Attack
from whetstone.rewards.audit.attacks import abuse, answers, exits, reach, streams, tampering, values

ATTACKS: tuple[Attack, ...] = (
    *exits.ATTACKS,
    *values.ATTACKS,
    *tampering.ATTACKS,
    *answers.ATTACKS,
    *reach.ATTACKS,
    *abuse.ATTACKS,
)
"""Of the function that the tests call."""

OF_STREAMS: tuple[Attack, ...] = streams.ATTACKS
"""Of programs that read standard input and print, which only some rewards run."""
