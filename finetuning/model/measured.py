"""A model that is only measured: as stored, or with its weights in 4 or 8 bits.

Apart from the policy of a run, because nothing of it is trained: an adapter is folded in at once.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from finetuning.model.device import Device
from finetuning.model.hub import local_folder
from finetuning.model.policy import Policy, load_policy, load_tokenizer
from finetuning.model.quantized import keep_gradients

Bits = Literal["4bit", "8bit"]


@dataclass(frozen=True)
class Measured:
    """Which weights are measured, and in which form."""

    path: str
    """A Hub id or a local folder."""
    revision: str | None
    trust_remote_code: bool
    bits: Bits | None
    """Quantise the linear layers while loading (bitsandbytes)."""
    adapter: str | None
    """The folder or Hub id of a LoRA adapter of these weights."""
    placement: dict[str, Any]
    """`device_map` and `max_memory` of transformers; empty: all of it on the device."""


def load_measured(wanted: Measured, device: Device) -> Policy:
    """Load the model, ready to be sampled from.

    Raises:
        ConfigError: the path names no model.
        OutsideError: the Hub cannot be reached.

    """
    if wanted.bits is None and not wanted.placement:
        policy = load_policy(wanted.path, device, wanted.revision, wanted.trust_remote_code)
    else:
        policy = _placed(wanted, device)
    if wanted.adapter is not None:
        adapted = PeftModel.from_pretrained(policy.model, wanted.adapter)
        # Folding into 4 or 8 bits would round the adapter away; there it stays beside the weights.
        policy = Policy(
            adapted.merge_and_unload() if wanted.bits is None else adapted, policy.tokenizer
        )
    policy.model.eval()
    return policy


def _placed(wanted: Measured, device: Device) -> Policy:
    folder = local_folder(wanted.path, wanted.revision)
    dtype = torch.bfloat16 if device.dtype == "auto" else device.dtype
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=device.dtype,
        trust_remote_code=wanted.trust_remote_code,
        quantization_config=None if wanted.bits is None else _quantization(wanted.bits, dtype),
        **(wanted.placement or {"device_map": {"": device.kind}}),
    )
    if wanted.bits == "4bit":
        keep_gradients(model)
    return Policy(model, load_tokenizer(folder, wanted.trust_remote_code))


def _quantization(bits: Bits, compute: torch.dtype) -> BitsAndBytesConfig:
    if bits == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=compute
    )
