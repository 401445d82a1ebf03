"""Whether an adapter belongs to a base: shapes, names and a few rows, without loading a model."""

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from whetstone.finetuning.errors import Problem
from whetstone.finetuning.model.same_base import other_base
from whetstone.finetuning.model.vocabulary import WEIGHTS, vocabulary_problems

_PREFIX = "base_model.model."
_FIRST = ".lora_A.weight"
_SHOWN = 2


def adapter_problems(adapter: Path, base: Path, setting: str, trusted: bool) -> Iterator[Problem]:
    """Yield why this adapter cannot be folded into the base in this folder."""
    if not (adapter / WEIGHTS).is_file():
        return  # a pickle: its shapes are known when it is loaded
    with torch.device("meta"):
        config = AutoConfig.from_pretrained(base, trust_remote_code=trusted)
        maker = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model = maker.from_config(config, trust_remote_code=trusted)
    layers = dict(model.named_modules())
    wrong = []
    for name, width in _widths(adapter):
        layer = layers.get(name)
        if layer is None:
            wrong.append(f"it has no layer {name}")
        elif layer.weight.shape[-1] != width:
            wrong.append(f"{name} is {layer.weight.shape[-1]} wide here and {width} there")
    if wrong:
        more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        told = "; ".join(wrong[:_SHOWN]) + more
        remedy = f"this is not the base of the adapter ({told}); give the one it was trained on"
        yield Problem(setting, remedy)
        return
    yield from other_base(adapter, base, setting)
    yield from vocabulary_problems(adapter, base, model, setting, trusted)


def _widths(adapter: Path) -> Iterator[tuple[str, int]]:
    """Yield each adapted layer of linear weights with the width of what it reads."""
    with safe_open(adapter / WEIGHTS, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118 - not a mapping
            if key.endswith(_FIRST):
                yield (
                    key.removeprefix(_PREFIX).removesuffix(_FIRST),
                    file.get_slice(key).get_shape()[1],
                )
