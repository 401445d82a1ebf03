"""From a classifier's logit to a probability that means what it says: Platt scaling.

J. Platt (1999), "Probabilistic outputs for support vector machines", with his targets, which keep
few examples from being certain. Two numbers, fitted on examples that the classifier was not trained
on, in a file beside its weights.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "calibration.json"
_STEPS, _CLOSE, _RIDGE = 100, 1e-9, 1e-9


@dataclass(frozen=True)
class Calibration:
    """probability = sigmoid(scale * logit + bias)."""

    scale: float = 1.0
    bias: float = 0.0

    def probability(self, logit: float) -> float:
        """Return the probability of the positive class."""
        return _sigmoid(self.scale * logit + self.bias)

    def save(self, folder: Path) -> None:
        """Write it beside the weights in `folder`."""
        (folder / FILE).write_text(json.dumps(asdict(self)))


def load(folder: Path) -> Calibration | None:
    """Read the calibration of a classifier; None where it has none."""
    path = folder / FILE
    return Calibration(**json.loads(path.read_text())) if path.is_file() else None


def fit(logits: Sequence[float], labels: Sequence[bool]) -> Calibration:
    """Fit scale and bias by Newton's method. Raises `ValueError` without examples of both kinds."""
    positive = sum(labels)
    negative = len(labels) - positive
    if not positive or not negative:
        raise ValueError("a calibration needs positive and negative examples")
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    targets = [high if label else low for label in labels]
    scale, bias = 0.0, math.log((positive + 1) / (negative + 1))
    for _ in range(_STEPS):
        step = _newton(logits, targets, scale, bias)
        size, before = 1.0, _loss(logits, targets, scale, bias)
        while size > _CLOSE and _loss(logits, targets, *_moved(scale, bias, step, size)) > before:
            size /= 2
        scale, bias = _moved(scale, bias, step, size)
        if max(map(abs, step)) < _CLOSE:
            break
    return Calibration(scale, bias)


def _moved(
    scale: float, bias: float, step: tuple[float, float], size: float
) -> tuple[float, float]:
    return scale - size * step[0], bias - size * step[1]


def _newton(
    logits: Sequence[float], targets: Sequence[float], scale: float, bias: float
) -> tuple[float, float]:
    """Return the inverse Hessian times the gradient of the loss."""
    to_scale = to_bias = both = 0.0
    twice_scale = twice_bias = _RIDGE
    for logit, target in zip(logits, targets, strict=True):
        chance = _sigmoid(scale * logit + bias)
        slope, curve = chance - target, chance * (1 - chance)
        to_scale += slope * logit
        to_bias += slope
        twice_scale += curve * logit * logit
        twice_bias += curve
        both += curve * logit
    determinant = twice_scale * twice_bias - both * both
    return (
        (twice_bias * to_scale - both * to_bias) / determinant,
        (twice_scale * to_bias - both * to_scale) / determinant,
    )


def _loss(logits: Sequence[float], targets: Sequence[float], scale: float, bias: float) -> float:
    total = 0.0
    for logit, target in zip(logits, targets, strict=True):
        value = scale * logit + bias
        total += max(value, 0.0) - target * value + math.log1p(math.exp(-abs(value)))
    return total


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))
