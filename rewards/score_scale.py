"""The scale of a reward model's scores: mean 0 and variance 1 on completions it did not learn from.

Preferences fix only which of two scores is higher. Without a scale, a KL coefficient or a value
clip that fits one reward model is ten times too small for the next; Ziegler et al. (2019,
1909.08593) normalise for this reason. Two numbers, in a file beside the weights.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

FILE = "scale.json"
_FEWEST = 10


@dataclass(frozen=True)
class Scale:
    """normalized = (score - mean) / deviation."""

    mean: float = 0.0
    deviation: float = 1.0

    def normalized(self, score: float) -> float:
        """Return how many standard deviations a score is above the mean."""
        return (score - self.mean) / self.deviation


def fit(scores: Sequence[float]) -> Scale | None:
    """Return the scale of these scores; None where they are too few, or all the same."""
    if len(scores) < _FEWEST or not (deviation := pstdev(scores)):
        return None
    return Scale(fmean(scores), deviation)


def load(folder: Path) -> Scale | None:
    """Read the scale of a reward model; None where it has none."""
    path = folder / FILE
    return Scale(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
