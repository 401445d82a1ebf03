"""A sequence classifier over (prompt, code), from a folder: weights, tokenizer, calibration.

Apart from `rewards.discriminator`, because it needs torch.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from rewards import calibration

_LOG = logging.getLogger(__name__)
_TWO_CLASSES = 2


class Classifier:
    """Says how probably code is what a person would have written for the prompt.

    Args:
        folder: As `save_pretrained` leaves it, of a model with one logit or two classes of which
            the second is the good one. `calibration.json` is used where it is there.
        device: Of torch; None takes the first GPU, or the processor.
        max_length: Tokens of prompt and code together; the prompt loses its beginning first.

    """

    def __init__(self, folder: Path, device: str | None, max_length: int) -> None:
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._tokenizer.truncation_side = "left"
        model = AutoModelForSequenceClassification.from_pretrained(folder)
        if model.config.num_labels > _TWO_CLASSES:
            raise ValueError(
                f"path={folder}: it has {model.config.num_labels} classes; a discriminator has one"
                " logit, or two classes"
            )
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        model.config.pad_token_id = self._tokenizer.pad_token_id
        self._model: Any = model.eval().to(self._device)
        self._max_length = max_length
        found = calibration.load(folder)
        if found is None:
            _LOG.warning(
                "%s has no %s: its probabilities are the classifier's own, which tend to be too"
                " sure; rewards.calibration.fit makes one",
                folder,
                calibration.FILE,
            )
        self._calibration = found or calibration.Calibration()

    def logits(self, prompts: Sequence[str], codes: Sequence[str], batch_size: int) -> list[float]:
        """Return one number per pair, above 0 for good code."""
        found: list[float] = []
        for at in range(0, len(codes), batch_size):
            chunk = slice(at, at + batch_size)
            inputs = self._tokenizer(
                list(prompts[chunk]),
                list(codes[chunk]),
                truncation="longest_first",
                max_length=self._max_length,
                padding=True,
                return_tensors="pt",
            ).to(self._device)
            with torch.inference_mode():
                logits_B_C = self._model(**inputs).logits.float()
            if logits_B_C.shape[1] == _TWO_CLASSES:
                logits_B_C = logits_B_C[:, 1:] - logits_B_C[:, :1]
            found += logits_B_C[:, 0].tolist()
        return found

    def probabilities(
        self, prompts: Sequence[str], codes: Sequence[str], batch_size: int
    ) -> list[float]:
        """Return one calibrated probability per pair, 0 to 1."""
        logits = self.logits(prompts, codes, batch_size)
        return [self._calibration.probability(logit) for logit in logits]
