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

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

FILE = "calibration.json"
_STEPS, _CLOSE = 100, 1e-12
_LEAST = 1e-6
"""Spread of logits that are all alike, but for rounding."""


@dataclass(frozen=True)
class Calibration:
    """probability = sigmoid(scale * logit + bias)."""

    scale: float = 1.0
    bias: float = 0.0

    def probability(self, logit: float) -> float:
        """Return the probability of the positive class."""
        return (1 + math.tanh((self.scale * logit + self.bias) / 2)) / 2

    def save(self, folder: Path) -> None:
        """Write it beside the weights in `folder`."""
        (folder / FILE).write_text(json.dumps(asdict(self)))


def load(folder: Path) -> Calibration | None:
    """Read the calibration of a classifier; None where it has none."""
    path = folder / FILE
    return Calibration(**json.loads(path.read_text())) if path.is_file() else None


def fit(logits: Sequence[float], labels: Sequence[bool]) -> Calibration:
    """Fit scale and bias. Raises `ValueError` without examples of both kinds."""
    positive = sum(labels)
    negative = len(labels) - positive
    if not positive or not negative:
        raise ValueError("a calibration needs positive and negative examples")
    low, high = 1 / (negative + 2), (positive + 1) / (positive + 2)
    targets = torch.tensor([high if label else low for label in labels], dtype=torch.float64)
    values = torch.tensor(logits, dtype=torch.float64)
    # In units of their own spread, in which both numbers are of one size.
    middle, spread = float(values.mean()), max(float(values.std(correction=0)), _LEAST)
    values = (values - middle) / spread
    line = torch.tensor([0.0, math.log((positive + 1) / (negative + 1))], dtype=torch.float64)
    line.requires_grad_()
    search = torch.optim.LBFGS(
        [line],
        max_iter=_STEPS,
        tolerance_grad=_CLOSE,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> torch.Tensor:
        search.zero_grad()
        cost = binary_cross_entropy_with_logits(line[0] * values + line[1], targets)
        cost.backward()
        return cost

    with torch.enable_grad():
        search.step(loss)
    slope, bias = line.tolist()
    return Calibration(slope / spread, bias - slope / spread * middle)
