"""The weights of a policy under training, as a plain model of its architecture would hold them.

For samplers that live outside of torch. LoRA is folded in on the fly and 4-bit weights are written
out, one tensor at a time and without touching the model: folding in place would round, and
unfolding would not give back what was there.
"""

from collections.abc import Iterator
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer

from whetstone.finetuning.model.value_head import is_critic


@torch.no_grad()
def live_weights(model: Any, *, changed_only: bool = False) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield each weight with the name that the plain model has for it.

    Args:
        model: a transformers model, LoRA-wrapped or not, in 4 bits or not.
        changed_only: only what training changes: adapted layers and trained weights.

    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    for name, layer in base.named_modules():
        if isinstance(layer, BaseTunerLayer) and not is_critic(name):
            yield f"{name}.weight", _folded(layer)
    for name, weight in base.named_parameters():
        plain = _plain_name(name)
        if plain is None or is_critic(plain) or (changed_only and not weight.requires_grad):
            continue
        yield plain, _written_out(weight)


def _folded(layer: Any) -> torch.Tensor:
    """Return an adapted layer's weight with its active adapters, in their precision."""
    weight = _written_out(layer.get_base_layer().weight)
    if layer.disable_adapters or layer.merged:
        return weight
    for adapter in layer.active_adapters:
        if adapter in layer.lora_A:
            delta = layer.get_delta_weight(adapter)
            # In 16 bits the sum would round a small update away.
            weight = weight.to(torch.promote_types(weight.dtype, delta.dtype)) + delta
    return weight


def _written_out(weight: Any) -> torch.Tensor:
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight.detach()
    from bitsandbytes.functional import dequantize_4bit  # noqa: PLC0415 - only QLoRA pays for it

    return dequantize_4bit(weight.data, state)


def _plain_name(name: str) -> str | None:
    """Return the plain model's name of a parameter; None for those that it has not.

    peft keeps the weight of an adapted layer as `base_layer.weight`, and of a module that is
    trained whole both the original and a copy for each adapter.
    """
    if "lora_" in name or ".original_module." in name or name.endswith("base_layer.weight"):
        return None
    return name.replace(".base_layer.", ".").replace(".modules_to_save.default.", ".")
