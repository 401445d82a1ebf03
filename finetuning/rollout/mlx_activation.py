"""The activation that a model was trained with, where mlx-lm hard-codes its neighbour.

mlx-lm's gemma and starcoder2 compute the exact GELU; both families were trained with the tanh
approximation (`hidden_act` says so). Logits are off by 2e-3, which is no rounding.
"""

from collections.abc import Callable
from typing import Any

from mlx import nn

_TANH = frozenset({"gelu_pytorch_tanh", "gelu_new", "gelu_fast"})


def _gemma(mlp: Any, x: Any) -> Any:
    return mlp.down_proj(nn.gelu_approx(mlp.gate_proj(x)) * mlp.up_proj(x))


def _starcoder2(mlp: Any, x: Any) -> Any:
    return mlp.c_proj(nn.gelu_approx(mlp.c_fc(x)))


_FORWARD: dict[str, Callable[[Any, Any], Any]] = {"gemma": _gemma, "starcoder2": _starcoder2}


def use_trained_activation(module: Any, settings: dict[str, Any]) -> None:
    """Give the feed-forward layers of a model of mlx-lm the activation of its configuration."""
    forward = _FORWARD.get(settings["model_type"])
    if forward is None or settings.get("hidden_act") not in _TANH:
        return
    for layer in module.layers:
        kind = type(layer.mlp)
        layer.mlp.__class__ = type(f"Tanh{kind.__name__}", (kind,), {"__call__": forward})
