"""The model under training of `algo=reward`: a score instead of words at the end of a text."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from finetuning.config.schema import AlgoConfig, ModelConfig
from finetuning.model.device import Device
from finetuning.model.hub import local_folder
from finetuning.model.policy import Policy
from rewards.scorer import Scorer, make_scorer, save_scorer


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


def save_trained(model: Any, tokenizer: Any, adapter: Path, folder: Path) -> None:
    """Write the finished reward model, and its adapter as it was trained.

    The adapter is folded into the model under training: nothing trains it any more.
    """
    if isinstance(model, PeftModel):
        model.save_pretrained(adapter)
        model = model.merge_and_unload()
    save_scorer(Scorer(model, tokenizer), folder)
