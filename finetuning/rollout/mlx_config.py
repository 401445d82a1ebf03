"""mlx-lm's configuration of a transformers model, with what newer transformers moved.

transformers 5 keeps everything about rotary positions in `rope_parameters`. Most models of mlx-lm
look for it where it was before, find nothing, and take a default without a word: the model loads,
writes plausible text, and its predictions are wrong.
"""

from typing import Any

_MOVED = ("rope_theta", "partial_rotary_factor")

Settings = dict[str, Any]


def mlx_settings(config: Settings) -> Settings:
    """Return a config.json's content with the keys that mlx-lm reads added to it."""
    rope = config.get("rope_parameters") or {}
    moved = {key: rope[key] for key in _MOVED if key in rope}
    kind = rope.get("rope_type", "default")
    if kind != "default":
        moved["rope_scaling"] = {"type": kind, **rope}
    return {**config, **moved}
