"""The model under training of `algo=reward`: a score instead of words at the end of a text."""

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from whetstone.finetuning.config.schema import AlgoConfig, ModelConfig
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.policy import Policy
from whetstone.rewards import score_scale
from whetstone.rewards.pairs import (
    Pair,
    accuracy_of,
    calibrated,
    extras,
    logits_of_pairs,
    warning_of,
)
from whetstone.rewards.reward_model import token_ids
from whetstone.rewards.scorer import Scorer, make_scorer, score

_SCALED_ROWS = 500
_LOG = logging.getLogger(__name__)
Row = dict[str, Any]


def build_scorer(config: ModelConfig, algo: AlgoConfig, device: Device, seed: int) -> Policy:
    """Put a new head on the model of `model.path`."""
    if config.path is None:
        raise ValueError("the pipeline must hand over a model before this stage is built")
    if config.adapter == "full":  # as in build_policy: small updates are lost in half precision
        device = replace(device, dtype=torch.float32)
    scorer = make_scorer(
        local_folder(config.path, config.revision),
        getattr(algo, "head", "linear"),
        seed=seed,
        dtype=device.dtype,
        trust_remote_code=config.trust_remote_code,
    )
    return Policy(scorer.model.to(device.kind), scorer.tokenizer)


def fold_adapter(model: Any, tokenizer: Any, adapter: Path) -> Scorer:
    """Return the finished reward model; its adapter is written as it was trained.

    The adapter is folded into the model under training: nothing trains it any more.
    """
    if isinstance(model, PeftModel):
        model.save_pretrained(adapter)
        model = model.merge_and_unload()
    return Scorer(model.eval(), tokenizer)


def discriminator_files(
    scorer: Scorer, rows: list[Row], held_out: list[Row], algo: AlgoConfig, seed: int
) -> dict[str, str]:
    """Return what lies beside a discriminator: its calibration, and pairs to replay.

    Warns where it teaches nothing, because it is always right or right by chance.
    """
    size = int(algo.args.get("per_device_train_batch_size", 8))
    unseen = [_pair(row) for row in held_out]
    length = algo.args.get("max_length")
    if unseen:
        accuracy = accuracy_of(*logits_of_pairs(scorer, unseen, size, length))
        if told := warning_of(accuracy):
            _LOG.warning(told)
    return extras(
        calibrated(scorer, unseen, size, length), [_pair(row) for row in [*rows, *held_out]], seed
    )


def scale_files(scorer: Scorer, rows: list[Row], algo: AlgoConfig) -> dict[str, str]:
    """Return what lies beside a reward model: the scale of its scores on some of these rows."""
    scored = [
        token_ids(row["prompt"], row[kind], scorer.tokenizer)
        for row in rows[:_SCALED_ROWS]
        for kind in ("chosen", "rejected")
    ]
    size = int(algo.args.get("per_device_train_batch_size", 8))
    found = score_scale.fit(score(scorer, scored, size, algo.args.get("max_length")))
    return {score_scale.FILE: json.dumps(asdict(found))} if found else {}


def _pair(row: Row) -> Pair:
    return Pair(row["prompt"], row["chosen"], row["rejected"])
