"""A model's configuration with the older names of what transformers 5 moved, beside the new ones.

transformers 5 keeps everything about rotary positions in `rope_parameters`. Most models of mlx-lm
look for it where it was before, find nothing, and take a default without a word: the model loads,
writes plausible text, and its predictions are wrong. transformers itself reads both.
"""

from typing import Any

_MOVED = ("rope_theta", "partial_rotary_factor")
_GLOBAL, _LOCAL = "full_attention", "sliding_attention"

Settings = dict[str, Any]


def with_older_names(config: Settings) -> Settings:
    """Return a config.json's content with the keys that older programs read added to it."""
    rope: Settings = config.get("rope_parameters") or {}
    moved = _before(rope.get(_GLOBAL, rope))
    if _LOCAL in rope:  # Gemma 3: layers of two kinds, each with positions of its own
        moved["rope_local_base_freq"] = rope[_LOCAL]["rope_theta"]
    if "_sliding_window_pattern" in config:
        moved["sliding_window_pattern"] = config["_sliding_window_pattern"]
    return {**config, **moved}


def _before(rope: Settings) -> Settings:
    """Return rotary parameters as transformers 4 wrote them."""
    moved = {key: rope[key] for key in _MOVED if key in rope}
    kind = rope.get("rope_type", "default")
    if kind != "default":
        moved["rope_scaling"] = {"type": kind, **rope}
    return moved
