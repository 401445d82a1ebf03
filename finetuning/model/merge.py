"""The finished model: the adapter folded in, let through only if it says what the adapter said."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from whetstone.evaluation.files import write_atomically
from whetstone.finetuning.config.schema import MergeConfig, ModelConfig
from whetstone.finetuning.model.adapter import Base, merge_adapter, save_adapter
from whetstone.finetuning.model.device import AS_STORED
from whetstone.finetuning.model.parity import compare, predictions
from whetstone.finetuning.model.policy import Policy, load_policy, save_policy
from whetstone.finetuning.model.quantized import computes_exactly

PARITY = "merge.json"
"""Beside the merged weights: how far they are from the model that was trained."""
REFUSED = "-refused"
UNCHECKED = "-unchecked"
"""What a folder's name ends with until the merged model has been compared."""

Found = dict[str, Any]
"""What the gate found: `max_logit_difference`, `kl`, the `max_kl` that was allowed, `passed`."""


class Merger:
    """Writes models as plain transformers folders, out of the one under training."""

    def __init__(self, model: ModelConfig, wanted: MergeConfig) -> None:
        self._model = model
        self._wanted = wanted

    def write(self, trained: Policy, folder: Path, adapter: Path) -> Found | None:
        """Write the finished model into `folder`, and the adapter, if there is one, beside it.

        A merged model that differs from its adapter goes to `FOLDER-refused` instead. What decides
        is the folder as it will be used: loaded by plain transformers, from the disk. Returns what
        was found, or None where there was nothing to merge.
        """
        if self._model.adapter == "full" or self._model.path is None:
            save_policy(trained, folder)
            return None
        save_adapter(trained.model, adapter, self._model.path, trained.tokenizer)
        return write_merged(adapter, self._model, trained, folder, self._wanted)


def write_merged(
    adapter: Path, base: Base, trained: Policy, folder: Path, wanted: MergeConfig
) -> Found:
    """Fold the adapter into its base, and let the result have its name if it passes the gate.

    Writes `FOLDER`, or `FOLDER-refused`; returns what was found.
    """
    unchecked = folder.with_name(folder.name + UNCHECKED)
    save_policy(merge_adapter(adapter, base, trained.model), unchecked)
    found = _compare(trained, unchecked, wanted)
    write_atomically(unchecked / PARITY, json.dumps(found, indent=2) + "\n")
    target = folder if found["passed"] else folder.with_name(folder.name + REFUSED)
    shutil.rmtree(target, ignore_errors=True)
    unchecked.rename(target)
    return found


def _compare(trained: Policy, folder: Path, wanted: MergeConfig) -> Found:
    merged = load_policy(str(folder), AS_STORED)
    exact = computes_exactly(trained.model) and computes_exactly(merged.model)
    most = wanted.max_kl if exact else wanted.max_kl_16bit
    parity = compare(
        predictions(trained.model, trained.tokenizer),
        predictions(merged.model, trained.tokenizer),
    )
    return {**asdict(parity), "max_kl": most, "passed": parity.within(most)}


def read_found(folder: Path) -> Found | None:
    """Return what the gate found for the model of this name; None where nothing was merged."""
    for place in (folder, folder.with_name(folder.name + REFUSED)):
        path = place / PARITY
        if path.is_file():
            found: Found = json.loads(path.read_text(encoding="utf-8"))
            return found
    return None


def refusal(found: Found, folder: Path, section: str = "hooks.merge.") -> str:
    """Say what is wrong with the merged model of this name, and what to do.

    `section` is where the tolerances are among the settings of whoever merged.
    """
    return (
        f"The merged model differs from the model that was trained: KL {found['kl']:.3g} (allowed: "
        f"{found['max_kl']:g}), largest difference of logits {found['max_logit_difference']:.3g}.\n"
        f"It is not the finished model, and nothing was measured on it: it was put aside as "
        f"{folder}{REFUSED}.\n"
        "The adapter is what was trained, and can be used on its own base. A base stored in 16 "
        "bits may be too coarse for a small update: try one in float32, or raise "
        f"{section}max_kl (in 16 bits max_kl_16bit) if this difference is fine with you."
    )
