"""A discriminator goes on learning while the policy that it judges changes.

Every so many steps it sees what the policy wrote just now against the references, beside pairs from
before, so that it does not forget what the policy has stopped doing. What it learned is kept beside
the run, under the step: a continued run takes up the discriminator that it had then.
"""

import logging
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed
from torch.nn import functional

from whetstone.rewards import calibration
from whetstone.rewards.extract import shown
from whetstone.rewards.pairs import (
    MOST_KEPT,
    Pair,
    accuracy_of,
    calibrated,
    extras,
    logits_of_pairs,
    read_replay,
    warning_of,
)
from whetstone.rewards.scorer import MlpHead, Scorer, load_scorer, logits_of, save_scorer

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Learning:
    """How a discriminator is refreshed; see `whetstone.rewards.discriminator.RefreshConfig`."""

    every_steps: int
    learning_rate: float
    replay: float
    batch_size: int
    max_length: int | None


def load_refresher(
    path: Path, device: str | None, learning: Learning, folder: Path | None, step: int
) -> "Refresher":
    """Load a discriminator, or what it had become in this run before a step.

    Args:
        path: The folder of the discriminator that the run began with.
        device: Where it computes; None is a GPU where there is one.
        learning: How it goes on learning.
        folder: Where the run keeps what it becomes; None keeps nothing.
        step: The training step from which the run goes on.

    Raises:
        ValueError: The folder holds none.

    """
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    steps = [known for known in _kept_steps(folder) if known < step]
    source = path if folder is None or not steps else folder / f"step-{max(steps)}"
    scorer = load_scorer(source)
    scorer.model.to(place)
    found = calibration.load(source)
    if found is None:
        _LOG.warning(
            "%s has no %s: its probabilities are the classifier's own, which tend to be too sure;"
            " train it with held-out rows",
            source,
            calibration.FILE,
        )
    known = found or calibration.Calibration()
    pairs = read_replay(source)
    if not steps:  # its training held none of them back, so it cannot be measured on any
        pairs = [pair for pair in pairs if not pair.held_back]
    refresher = Refresher(scorer, known, pairs, learning, folder)
    refresher.last_step = max(steps, default=0)
    return refresher


class Refresher:
    """Teaches a scorer, and keeps it under the step.

    Args:
        scorer: What is taught, in place.
        found: Its calibration.
        pairs: Those that it has learned from before.
        learning: How.
        folder: Of the run; None keeps nothing.

    """

    def __init__(
        self,
        scorer: Scorer,
        found: calibration.Calibration,
        pairs: Sequence[Pair],
        learning: Learning,
        folder: Path | None,
    ) -> None:
        self.scorer, self.calibration = scorer, found
        self._pairs, self._learning, self._folder = list(pairs), learning, folder
        self.last_step = 0

    def is_due(self, step: int) -> bool:
        """Tell whether it is time to learn."""
        return step - self.last_step >= self._learning.every_steps

    def learn(self, fresh: Sequence[Pair], step: int, save_steps: int | None) -> float | None:
        """Learn from fresh pairs and old ones; return the accuracy on the fresh ones before.

        Each process of a run calls it with its own pairs, and all learn from all of them.
        """
        self.last_step = step
        fresh = _of_all_processes(list(fresh))
        if not fresh:
            return None
        size, length = self._learning.batch_size, self._learning.max_length
        accuracy = accuracy_of(*logits_of_pairs(self.scorer, fresh, size, length))
        draw = random.Random(f"refresh/{step}")
        wanted = min(len(self._pairs), round(self._learning.replay * len(fresh)))
        old = draw.sample(self._pairs, wanted)
        lesson = [pair for pair in [*fresh, *old] if not pair.held_back]
        draw.shuffle(lesson)
        self._fit(lesson)
        held_back = [pair for pair in [*fresh, *self._pairs] if pair.held_back]
        self.calibration = calibrated(self.scorer, held_back, size, length) or self.calibration
        self._pairs = list(dict.fromkeys([*self._pairs, *fresh]))
        if len(self._pairs) > MOST_KEPT:
            self._pairs = draw.sample(self._pairs, MOST_KEPT)
        self._keep(step, save_steps)
        if told := warning_of(accuracy):
            _LOG.warning("step %d: %s", step, told)
        return accuracy

    def _fit(self, pairs: Sequence[Pair]) -> None:
        """Descend once through the pairs. A new optimizer each time: there is no other state."""
        model = self.scorer.model
        if isinstance(model.score, MlpHead):  # the base was frozen when the head was trained
            model.requires_grad_(False)
            model.score.requires_grad_(True)
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=self._learning.learning_rate, weight_decay=0.0)
        model.train()
        with torch.random.fork_rng(), torch.enable_grad():
            torch.manual_seed(self.last_step)
            for start in range(0, len(pairs), self._learning.batch_size):
                batch = pairs[start : start + self._learning.batch_size]
                optimizer.zero_grad()
                self._loss(batch).backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimizer.step()
        model.eval()

    def _loss(self, batch: Sequence[Pair]) -> torch.Tensor:
        eos = self.scorer.tokenizer.eos_token
        texts = [shown(pair.prompt, pair.reference) + eos for pair in batch]
        texts += [shown(pair.prompt, pair.completion) + eos for pair in batch]
        logits_B = logits_of(self.scorer, self.scorer.read(texts), self._learning.max_length)
        labels_B = torch.zeros_like(logits_B)
        labels_B[: len(batch)] = 1.0
        return functional.binary_cross_entropy_with_logits(logits_B, labels_B)

    def _keep(self, step: int, save_steps: int | None) -> None:
        """Save under the step, and remove what no checkpoint can ask for any more."""
        if self._folder is None or _rank() != 0:
            return
        place = self._folder / f"step-{step}"
        if place.exists():  # of a session that was killed after its last checkpoint
            shutil.rmtree(place)
        save_scorer(self.scorer, place, extras(self.calibration, self._pairs, step))
        if save_steps:
            oldest = step - 2 * save_steps
            passed = [known for known in _kept_steps(self._folder) if known < oldest]
            for known in sorted(passed)[:-1]:
                shutil.rmtree(self._folder / f"step-{known}")


def _kept_steps(folder: Path | None) -> list[int]:
    if folder is None or not folder.is_dir():
        return []
    names = [re.fullmatch(r"step-(\d+)", path.name) for path in folder.iterdir()]
    return [int(name[1]) for name in names if name]


def _of_all_processes(pairs: list[Pair]) -> list[Pair]:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return pairs
    gathered: list[list[Pair]] = [[] for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(gathered, pairs)
    return [pair for of_process in gathered for pair in of_process]


def _rank() -> int:
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if distributed else 0
