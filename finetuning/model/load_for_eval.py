"""A model that is only measured: as stored, or with its weights in 4 or 8 bits.

Apart from the policy of a run, because nothing of it is trained: an adapter is folded in at once.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from whetstone.finetuning.artifacts.provenance import read_origin
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.adapter import with_adapter
from whetstone.finetuning.model.adapter_check import adapter_problems
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.policy import Policy, load_policy, load_tokenizer
from whetstone.finetuning.model.quantized import copy_dequantized, keep_gradients

Bits = Literal["4bit", "8bit"]


@dataclass(frozen=True)
class WeightsToMeasure:
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


def check_adapter(wanted: WeightsToMeasure) -> None:
    """Refuse an adapter that does not belong to these weights as they would be loaded.

    Raises:
        ConfigError: with what to give instead.

    """
    if wanted.adapter is None:
        return
    base, adapter = local_folder(wanted.path, wanted.revision), _adapter_folder(wanted.adapter)
    trusted = wanted.trust_remote_code
    problems = list(adapter_problems(adapter, base, f"model={wanted.path}", trusted))
    if read_origin(adapter).quantization and (wanted.bits == "8bit" or wanted.placement):
        remedy = (
            "it was trained on a base held in nf4, and belongs to those rounded weights; fold it "
            f"in first (whetstone merge adapter={adapter}) and give the merged folder as the model"
        )
        problems.append(Problem(f"adapter={wanted.adapter}", remedy))
    if problems:
        raise ConfigError(problems)


def load_measured(wanted: WeightsToMeasure, device: Device) -> Policy:
    """Load the model, ready to be sampled from.

    An adapter that was trained here on a rounded base gets that base, as in `whetstone merge`.

    Raises:
        ConfigError: the path names no model, or the adapter is not one of this model.
        OutsideError: the Hub cannot be reached.

    """
    check_adapter(wanted)
    held = _trained_on(wanted)
    if held and wanted.bits == "4bit":
        policy = _whole(wanted, device, held)
    elif wanted.bits is None and not wanted.placement:
        policy = _whole(wanted, device)
        if held:
            copy_dequantized(_whole(wanted, device, held).model, policy.model)
    else:
        policy = _placed(wanted, device)
    if wanted.adapter is not None:
        policy = with_adapter(policy, _adapter_folder(wanted.adapter), wanted.trust_remote_code)
        if wanted.bits is None:  # folding into 4 or 8 bits would round the adapter away
            policy = Policy(policy.model.merge_and_unload(), policy.tokenizer)
    policy.model.eval()
    return policy


def _trained_on(wanted: WeightsToMeasure) -> str | None:
    """Return how the adapter's base was held in training, where its folder says so."""
    if wanted.adapter is None:
        return None
    return read_origin(_adapter_folder(wanted.adapter)).quantization


def _adapter_folder(given: str) -> Path:
    folder = Path(given).expanduser()
    return folder if folder.is_dir() else local_folder(given, None, f"adapter={given}")


def _whole(wanted: WeightsToMeasure, device: Device, quantization: str | None = None) -> Policy:
    return load_policy(wanted.path, device, wanted.revision, wanted.trust_remote_code, quantization)


def _placed(wanted: WeightsToMeasure, device: Device) -> Policy:
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
