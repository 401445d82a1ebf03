"""Loads the policy and its tokenizer, and writes them back as a plain transformers folder."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
)

from whetstone.evaluation.files import whole_folder
from whetstone.finetuning.config.schema import ModelConfig
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.quantized import keep_gradients, nf4_arguments
from whetstone.finetuning.model.rope_compat import with_older_names
from whetstone.finetuning.model.value_head import policy_only


@dataclass(frozen=True)
class Policy:
    """A language model and its tokenizer."""

    model: Any
    tokenizer: Any


def build_policy(config: ModelConfig, device: Device, seed: int) -> Policy:
    """Load `model.path`, or make the nano model from the seed where there is none."""
    if config.path is None:
        if config.init == "nano":
            return _make_nano(seed)
        raise ValueError("the pipeline must hand over a model before this stage is built")
    if config.adapter == "full":
        # Half precision rounds a small update of a weight away; autocast computes in it anyway.
        device = replace(device, dtype=torch.float32)
    return load_policy(
        config.path, device, config.revision, config.trust_remote_code, config.quantization
    )


def load_policy(
    path: str,
    device: Device,
    revision: str | None = None,
    trust_remote_code: bool = False,
    quantization: str | None = None,
) -> Policy:
    """Load a language model from a folder or the Hub onto the device."""
    folder = local_folder(path, revision)
    settings = AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code)
    loader = AutoModelForSeq2SeqLM if settings.is_encoder_decoder else AutoModelForCausalLM
    rounding = nf4_arguments(device) if quantization else {}
    model = loader.from_pretrained(
        folder,
        config=settings,
        dtype=device.dtype,
        trust_remote_code=trust_remote_code,
        **rounding,
    )
    if quantization:
        keep_gradients(model)
    else:
        model = model.to(device.kind)
    return Policy(model, load_tokenizer(folder, trust_remote_code))


def load_tokenizer(folder: Path, trust_remote_code: bool = False) -> Any:
    """Load the tokenizer of a local folder, ready to pad."""
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    return with_padding(tokenizer)


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
    with whole_folder(folder) as draft:
        write_policy(policy, draft)


def write_policy(policy: Policy, folder: Path) -> None:
    """Write weights and tokenizer into a folder that is there, file by file."""
    with policy_only(policy.model):
        policy.model.save_pretrained(folder)
    config = folder / "config.json"
    values = with_older_names(json.loads(config.read_text(encoding="utf-8")))
    config.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    policy.tokenizer.save_pretrained(folder)


def _make_nano(seed: int) -> Policy:
    from whetstone.finetuning.nano.context import VOCABULARY  # noqa: PLC0415
    from whetstone.finetuning.nano.corpus import corpus  # noqa: PLC0415 - only the nano model needs these
    from whetstone.finetuning.nano.model import build_model  # noqa: PLC0415
    from whetstone.finetuning.nano.tokenizer import build_tokenizer  # noqa: PLC0415

    texts = [prompt + solution for prompt, solution in corpus(5000, seed)]
    tokenizer = build_tokenizer(texts, vocab_size=VOCABULARY)
    return Policy(build_model(len(tokenizer), seed), tokenizer)
