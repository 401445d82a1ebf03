"""The mask of a batch, where mlx-lm's attention has groups of heads and no place for them in it.

mlx-lm's gemma2 computes scores of shape (B, K, H / K, L, T) and gets a mask of (B, 1, L, T): one
prompt works, several of unequal lengths do not.
"""

from collections.abc import Callable
from typing import Any

_MODELS = frozenset({"gemma2"})
_OF_A_BATCH = 4  # dimensions


def make_room_for_groups(module: Any, settings: dict[str, Any]) -> None:
    """Let the attention of such a model take the mask of a batch."""
    if settings["model_type"] not in _MODELS:
        return
    for layer in module.layers:
        kind = type(layer.self_attn)
        if layer.self_attn.repeats > 1:
            forward = _with_groups(kind.__call__)
            layer.self_attn.__class__ = type(f"Grouped{kind.__name__}", (kind,), forward)


def _with_groups(plain: Callable[..., Any]) -> dict[str, Any]:
    def forward(attention: Any, x: Any, mask: Any = None, cache: Any = None) -> Any:
        if getattr(mask, "ndim", 0) == _OF_A_BATCH:
            mask = mask[:, :, None]
        return plain(attention, x, mask, cache)

    return {"__call__": forward}
