"""The critic that PPO hangs on a policy, so that checkpoints, LoRA and DDP carry it along.

The value head is a submodule of the causal language model: full training saves it with the weights,
LoRA with the adapter (`modules_to_save`). A separate critic is one as well, and LoRA adapts its
projections by the same names. A finished policy has neither: save it inside `policy_only`.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from torch import nn

HEAD = "value_head"
CRITIC = "value_backbone"


class ValueHead(nn.Module):
    """One value per position, in float32. Begins at 0, so that the first advantages are plain."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        # Not nn.Linear: `target_modules: all-linear` would put an adapter on it.
        self.weight = nn.Parameter(torch.zeros(hidden))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, hidden_B_T_H: torch.Tensor) -> torch.Tensor:
        """Return the values of hidden states, shape (B, T)."""
        with torch.autocast(hidden_B_T_H.device.type, enabled=False):
            return hidden_B_T_H.float() @ self.weight.float() + self.bias.float()


def attach_critic(model: Any, peft_config: LoraConfig | None, *, separate: bool) -> None:
    """Give a causal language model a value head, and a backbone for it if it is to be separate.

    Must happen before the adapter is made; `peft_config` is told to train and save the head.
    """
    device = next(model.parameters()).device
    if separate:
        setattr(model, CRITIC, copy.deepcopy(model.base_model))
    setattr(model, HEAD, ValueHead(model.config.get_text_config().hidden_size).to(device))
    if peft_config is not None:
        peft_config.modules_to_save = [*(peft_config.modules_to_save or []), HEAD]


class ValueTap:
    """Computes values inside the policy's own forward pass, while it is open.

    Inside, because TRL's fused head drops the hidden states, and because DDP must see every
    parameter used between a forward's beginning and its end.
    """

    def __init__(self, model: Any) -> None:
        core = model.get_base_model() if isinstance(model, PeftModel) else model
        self._core = core
        self._caught: list[torch.Tensor] | None = None
        core.base_model.register_forward_hook(self._catch, with_kwargs=True)
        for parameter in getattr(core, HEAD).parameters():
            parameter.data = parameter.data.float()  # TRL makes QLoRA's trained weights bfloat16

    @contextmanager
    def open(self) -> Iterator[list[torch.Tensor]]:
        """Yield a list that collects the values of each forward pass, shape (B, T) each."""
        self._caught = []
        try:
            yield self._caught
        finally:
            self._caught = None

    def _catch(self, _: Any, args: Any, kwargs: Any, output: Any) -> None:
        if self._caught is None:
            return
        hidden_B_T_H = output.last_hidden_state
        critic = getattr(self._core, CRITIC, None)
        if critic is not None:
            hidden_B_T_H = critic(*args, **kwargs).last_hidden_state
        self._caught.append(getattr(self._core, HEAD)(hidden_B_T_H))


def is_critic(parameter_name: str) -> bool:
    """Tell whether a parameter of the model belongs to the critic alone."""
    return HEAD in parameter_name or CRITIC in parameter_name


@contextmanager
def policy_only(model: Any) -> Iterator[None]:
    """Take the critic off for as long as the policy is written; does nothing where there is none.

    What is saved then loads with plain transformers and peft, without a word about unknown weights.
    """
    core = model.get_base_model() if isinstance(model, PeftModel) else model
    taken = {name: core._modules.pop(name) for name in (HEAD, CRITIC) if name in core._modules}  # noqa: SLF001 - torch has no public way to take a module off
    configs = model.peft_config.values() if isinstance(model, PeftModel) and taken else ()
    saved = [(config, config.modules_to_save) for config in configs]
    for config, names in saved:
        config.modules_to_save = [name for name in names or [] if name != HEAD] or None
    try:
        yield
    finally:
        for config, names in saved:
            config.modules_to_save = names
        core._modules.update(taken)  # noqa: SLF001
