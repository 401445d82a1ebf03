"""Whether a base is the one that an adapter names, as far as can be known without the network.

Another model of the same shapes takes an adapter without a word, and says nonsense afterwards. So
weights are compared where both are at hand, and names where they are not.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from safetensors import safe_open

from whetstone.finetuning.artifacts.provenance import read_origin
from whetstone.finetuning.errors import Problem

_PLAIN = frozenset({"F64", "F32", "F16", "BF16"})
_COMPARED = 8
_TOLERANCE = 0.02
"""Of a weight: what rounding to 16 bits changes, several times over."""


def named_base(adapter: Path) -> str | None:
    """Return the base that the adapter's own configuration names."""
    values = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    base: str | None = values.get("base_model_name_or_path")
    return base


def other_base(adapter: Path, base: Path, setting: str) -> Iterator[Problem]:
    """Yield that this base is not the one that the adapter names."""
    named = named_base(adapter)
    if not named:
        return
    there = _on_this_disk(named)
    if there is not None:
        if there.resolve() != base.resolve() and _same_weights(there, base) is False:
            remedy = "which has other weights; give that one"
            yield Problem(setting, f"the adapter was trained on {named}, {remedy}")
        return
    known = hub_name(base)
    if known is not None and _is_hub_id(named) and known.lower() != named.lower():
        remedy = (
            f"and this is {known}; give that one, or write this name into the adapter's "
            "adapter_config.json if both are the same model"
        )
        yield Problem(setting, f"the adapter was trained on {named}, {remedy}")


def hub_name(folder: Path) -> str | None:
    """Return the Hub id of a folder of weights, by its place in the cache or its origin."""
    for part in folder.parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/", 1)
    return read_origin(folder).base


def _is_hub_id(name: str) -> bool:
    return not name.startswith((".", "/", "~")) and name.count("/") == 1


def _on_this_disk(name: str) -> Path | None:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    try:
        cached = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return Path(cached).parent if isinstance(cached, str) else None


def _same_weights(one: Path, other: Path) -> bool | None:
    """Compare a few rows of a few tensors; None where there is nothing that can be compared."""
    here, there = _tensors(one), _tensors(other)
    common = sorted(here.keys() & there.keys())
    if not common:
        return None
    for name in common[:: max(1, len(common) // _COMPARED)]:
        mine, yours = _row(here[name], name), _row(there[name], name)
        if mine.shape != yours.shape or not torch.allclose(mine, yours, _TOLERANCE, 1e-6):
            return False
    return True


def _tensors(folder: Path) -> dict[str, Path]:
    """Return the tensors of a folder of weights, each with its file.

    Left out are numbers alone, and what a quantized model packs into whole numbers: its twin in
    floating point has the same norms, and nothing else that could be compared.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        found |= {
            name: path
            for name, part in slices.items()
            if part.get_dtype() in _PLAIN and part.get_shape()
        }
    return found


def _row(path: Path, name: str) -> torch.Tensor:
    with safe_open(path, framework="pt") as file:
        return torch.as_tensor(file.get_slice(name)[:1]).float()
