"""The exploit suite. Each module holds some families; the order is that of the table."""

from whetstone.rewards.audit.attack import Attack
from whetstone.rewards.audit.attacks import abuse, answers, exits, reach, tampering, values

ATTACKS: tuple[Attack, ...] = (
    *exits.ATTACKS,
    *values.ATTACKS,
    *tampering.ATTACKS,
    *answers.ATTACKS,
    *reach.ATTACKS,
    *abuse.ATTACKS,
)
