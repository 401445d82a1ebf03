"""References of other prompts, which a discriminator is shown as if they were samples.

Without them it need not read the prompt: how a reference is written tells it from a sample, and a
policy learns to write like that, whatever it was asked (Reed et al. 2016, arXiv 1605.05396, call
one that sees them matching-aware).
"""

import random
from typing import Any

Row = dict[str, Any]


def with_mismatches(rows: list[Row], share: float, seed: int) -> list[Row]:
    """Return pairs, shuffled with as many more as `share` of them: a reference against another's.

    Args:
        rows: Of `prompt`, `chosen` (the reference) and `rejected`.
        share: For each row, 0 to 1; 0.5 adds one for two.
        seed: Of the choice.

    """
    references = list(dict.fromkeys(row["chosen"] for row in rows))
    count = round(share * len(rows))
    if not count or len(references) == 1:
        return rows
    draw = random.Random(f"mismatch/{seed}")
    added = []
    for row in draw.sample(rows, count):
        stranger = draw.choice(references)
        while stranger == row["chosen"]:
            stranger = draw.choice(references)
        added.append({**row, "rejected": stranger})
    return draw.sample(rows + added, len(rows) + len(added))
