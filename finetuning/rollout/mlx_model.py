"""A policy of torch as a model of mlx-lm, in memory: made once, its changed weights copied.

Nothing is written to a disk and nothing is loaded from one: the architecture comes from the
configuration of the torch model, and every weight from the live one.
"""

from typing import Any

import mlx.core as mx
import torch
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes

from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.rope_compat import Settings, with_older_names
from whetstone.finetuning.model.weight_sync import live_weights
from whetstone.finetuning.rollout.mlx_activation import use_trained_activation
from whetstone.finetuning.rollout.mlx_mask import make_room_for_groups


class MLXModel:
    """A model of mlx-lm that follows a torch model."""

    def __init__(self, settings: Settings, dtype: torch.dtype) -> None:
        # Weights that were rounded for torch are written out before they come here.
        plain = {key: value for key, value in settings.items() if key != "quantization_config"}
        self.settings = with_older_names(plain)
        try:
            model_class, args_class = _get_classes(self.settings)
        except ValueError as error:
            raise _refusal(f"mlx-lm does not know this architecture ({error})") from error
        self.module = model_class(args_class.from_dict(self.settings))
        use_trained_activation(self.module, self.settings)
        make_room_for_groups(self.module, self.settings)
        self.module.eval()
        self._dtype = getattr(mx, str(dtype).removeprefix("torch."))
        self._names = {name for name, _ in tree_flatten(self.module.parameters())}
        self._whole = False

    def follow(self, model: Any) -> int:
        """Take the weights of a torch model; return how many tensors were copied.

        All of them the first time, and later those that training changes.
        """
        weights = self._copied(model, changed_only=self._whole)
        if not weights.keys() <= self._names or not self._whole:
            # mlx-lm has another layout for some weights, and makes it out of all of them.
            weights = self._arranged(self._copied(model) if self._whole else weights)
        self.module.load_weights(list(weights.items()), strict=False)
        mx.eval(self.module.parameters())
        self._whole = True
        return len(weights)

    def _copied(self, model: Any, *, changed_only: bool = False) -> dict[str, Any]:
        weights = live_weights(model, changed_only=changed_only)
        return {name: to_mlx(weight, self._dtype) for name, weight in weights}

    def _arranged(self, weights: dict[str, Any]) -> dict[str, Any]:
        if hasattr(self.module, "sanitize"):
            weights = self.module.sanitize(weights)
        # A model may drop a layer that its weights show to be tied.
        names = {name for name, _ in tree_flatten(self.module.parameters())}
        if weights.keys() != names:
            odd = sorted(weights.keys() ^ names)
            raise _refusal(f"mlx-lm's model has other weights: {', '.join(odd[:3])}")
        self._names = names
        return weights


def to_mlx(tensor: torch.Tensor, dtype: Any) -> Any:
    """Return a copy of a torch tensor in MLX's memory."""
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:  # numpy has no such format: its bits travel as integers
        return mx.array(tensor.view(torch.uint16).numpy()).view(mx.bfloat16).astype(dtype)
    return mx.array(tensor.numpy()).astype(dtype)


def _refusal(reason: str) -> ConfigError:
    return ConfigError([Problem("backend.rollout=mlx", f"{reason}; use backend.rollout=hf")])
