"""Loads the policy and its tokenizer, and writes them back as a plain transformers folder."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from finetuning.config.schema import ModelConfig
from finetuning.errors import ConfigError, Problem
from finetuning.model.device import Device
from finetuning.model.hub import local_folder


@dataclass(frozen=True)
class Policy:
    """A causal language model and its tokenizer."""

    model: Any
    tokenizer: Any


def build_policy(config: ModelConfig, device: Device, seed: int) -> Policy:
    """Load `model.path`, or make the nano model from the seed."""
    if config.init == "nano":
        return _make_nano(seed)
    if config.path is None:
        raise ValueError("the pipeline must hand over a model before this stage is built")
    if config.adapter == "full":
        # Half precision rounds a small update of a weight away; autocast computes in it anyway.
        device = replace(device, dtype=torch.float32)
    return load_policy(config.path, device, config.revision, config.trust_remote_code)


def load_policy(
    path: str, device: Device, revision: str | None = None, trust_remote_code: bool = False
) -> Policy:
    """Load a decoder-only model from a folder or the Hub onto the device."""
    folder = local_folder(path, revision)
    settings = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    if settings.is_encoder_decoder:
        problem = Problem(
            f"model.path={path}",
            f"`{settings.model_type}` is an encoder-decoder model; these algorithms need a "
            "decoder-only one, such as model=qwen",
        )
        raise ConfigError([problem])
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    model = AutoModelForCausalLM.from_pretrained(
        folder, config=settings, dtype=device.dtype, trust_remote_code=trust_remote_code
    ).to(device.kind)
    return Policy(model, with_padding(tokenizer))


def with_padding(tokenizer: Any) -> Any:
    """Give the tokenizer a pad token, on the left, as sampling needs it.

    Many code models have none. Their end-of-text token serves; the loss and the rewards mask by
    position and not by token, so a real end-of-text is still learned.
    """
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    return tokenizer


def save_policy(policy: Policy, folder: Path) -> None:
    """Write weights and tokenizer; complete or not there at all, also when killed midway."""
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    policy.model.save_pretrained(partial)
    policy.tokenizer.save_pretrained(partial)
    partial.rename(folder)


def _make_nano(seed: int) -> Policy:
    from finetuning.nano.corpus import corpus  # noqa: PLC0415 - only the nano model needs these
    from finetuning.nano.model import build_model  # noqa: PLC0415
    from finetuning.nano.tokenizer import build_tokenizer  # noqa: PLC0415

    texts = [prompt + solution for prompt, solution in corpus(5000, seed)]
    tokenizer = build_tokenizer(texts, vocab_size=512)
    return Policy(build_model(len(tokenizer), seed), tokenizer)
