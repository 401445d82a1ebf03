"""4-bit base weights (nf4, QLoRA: Dettmers et al. 2023): how they load, and how they come back.

An adapter that was trained on a rounded base belongs to that base. Folding it into the weights as
they were before rounding gives another model than the one that was trained (KL 1.2e-2 where the
rounded base gives 9e-6; docs/hooks.md). Nothing is rounded twice either: the finished model is
in the base's own number format.
"""

from collections.abc import Iterator
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from whetstone.finetuning.model.device import Device


def nf4_arguments(device: Device) -> dict[str, Any]:
    """Return what `from_pretrained` needs to load 4-bit weights onto the device."""
    place = torch.cuda.current_device() if device.kind == "cuda" else device.kind
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=_compute_dtype(device),
    )
    return {"quantization_config": config, "device_map": {"": place}}


def _compute_dtype(device: Device) -> torch.dtype:
    """Return the format of matrix products: float16 on a card without bfloat16."""
    if device.kind == "cuda" and device.dtype is torch.float32:
        return torch.float16
    return torch.float32 if device.dtype == "auto" else device.dtype


def keep_gradients(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights, after which their gradients are wrong.

    On processors with AVX512-BF16 the first forward pass in eval mode, such as a rollout, turns
    the weights for good into a layout whose product autograd does not know: later training steps
    run without an error and with wrong gradients.
    """
    for _, layer in linears_4bit(model):
        layer.support_avx512bf16_for_cpu = False


def keep_adapter_precise(model: Any) -> None:
    """Hold what is trained beside 4-bit weights in float32.

    TRL turns it to bfloat16, which keeps three digits: an update of 1e-6, as reinforcement
    learning makes them, is rounded away and the weight never moves.
    """
    if not getattr(model, "is_loaded_in_4bit", False):
        return
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.to(torch.float32)


def linears_4bit(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the 4-bit layers with their names in the base model, also where adapters wrap them."""
    from bitsandbytes.nn import Linear4bit  # noqa: PLC0415 - seconds that only QLoRA pays

    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    for name, module in base.named_modules():
        if isinstance(module, Linear4bit):
            yield name.removesuffix(".base_layer"), module


def computes_exactly(model: Any) -> bool:
    """Tell whether a model computes in float32 throughout, its 4-bit layers included."""
    formats = {weight.dtype for weight in model.parameters() if weight.is_floating_point()}
    if getattr(model, "is_loaded_in_4bit", False):
        formats |= {layer.compute_dtype for _, layer in linears_4bit(model)}
    return formats == {torch.float32}


def copy_dequantized(trained: Any, plain: Any) -> None:
    """Overwrite a model's weights by those that the 4-bit layers of another stand for.

    Layer by layer, so that no second whole copy is held; `plain` keeps its device and format.
    """
    from bitsandbytes.functional import dequantize_4bit  # noqa: PLC0415 - as above

    for name, layer in linears_4bit(trained):
        weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
        plain.get_submodule(name).weight.data.copy_(weight)
