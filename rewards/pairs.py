"""Written code against generated: the pairs that a discriminator learns from and is measured on.

Its folder is that of a scorer with two more files: the calibration, and pairs that it has learned
from, which a refresh during training replays.
"""

import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from whetstone.rewards import calibration
from whetstone.rewards.extract import shown
from whetstone.rewards.scorer import Scorer, score

REPLAY = "replay.jsonl"
"""Pairs that a discriminator has learned from, beside its weights."""
MOST_KEPT = 2000
"""Of those pairs."""
FEWEST_TO_CALIBRATE = 10
_HELD_BACK = 5
"""One pair of so many is never learned from: calibration and accuracy rest on these."""
_TOO_SURE, _NO_BETTER = 0.98, 0.53


@dataclass(frozen=True)
class Pair:
    """What a person wrote for a prompt, and what the policy did."""

    prompt: str
    reference: str
    completion: str

    @property
    def held_back(self) -> bool:
        """Whether nothing is learned from it, nor from another one with its reference."""
        return zlib.crc32(f"{self.prompt}{self.reference}".encode()) % _HELD_BACK == 0


def accuracy_of(references: Sequence[float], completions: Sequence[float]) -> float:
    """Return the share of logits on the right side of 0."""
    right = sum(one > 0 for one in references) + sum(one < 0 for one in completions)
    return right / (len(references) + len(completions))


def warning_of(accuracy: float) -> str | None:
    """Say what is wrong with a discriminator of that accuracy; None where it can teach."""
    if accuracy >= _TOO_SURE:
        return (
            f"the discriminator tells written code from generated in {accuracy:.0%} of cases, so "
            "its reward is near 0 whatever the policy does: train it less, or on other samples"
        )
    if accuracy <= _NO_BETTER:
        return (
            f"the discriminator tells written code from generated in {accuracy:.0%} of cases, so "
            "its reward is near chance: train it longer, or leave it out"
        )
    return None


def logits_of_pairs(
    scorer: Scorer, pairs: Sequence[Pair], batch_size: int, max_length: int | None
) -> tuple[list[float], list[float]]:
    """Return the logits of references and of completions."""
    eos = scorer.tokenizer.eos_token
    texts = [shown(pair.prompt, pair.reference) + eos for pair in pairs]
    texts += [shown(pair.prompt, pair.completion) + eos for pair in pairs]
    found = score(scorer, scorer.read(texts), batch_size, max_length)
    return found[: len(pairs)], found[len(pairs) :]


def calibrated(
    scorer: Scorer, pairs: Sequence[Pair], batch_size: int, max_length: int | None
) -> calibration.Calibration | None:
    """Return the calibration of a discriminator on pairs that it has not seen; None for too few."""
    if len(pairs) < FEWEST_TO_CALIBRATE:
        return None
    good, bad = logits_of_pairs(scorer, pairs, batch_size, max_length)
    return calibration.fit([*good, *bad], [True] * len(good) + [False] * len(bad))


def extras(
    found: calibration.Calibration | None, pairs: Sequence[Pair], seed: int
) -> dict[str, str]:
    """Return the files that lie beside a discriminator's weights: name to content."""
    kept = list(pairs)
    if len(kept) > MOST_KEPT:
        kept = random.Random(f"replay/{seed}").sample(kept, MOST_KEPT)
    files = {REPLAY: "".join(json.dumps(asdict(pair)) + "\n" for pair in kept)}
    if found is not None:
        files[calibration.FILE] = json.dumps(asdict(found))
    return files


def read_replay(folder: Path) -> list[Pair]:
    """Return the pairs beside a discriminator; none where it brings none."""
    path = folder / REPLAY
    if not path.is_file():
        return []
    return [Pair(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
