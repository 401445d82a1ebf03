"""The hardware that a run uses, chosen once and said aloud."""

from dataclasses import dataclass
from typing import Literal

import torch

from whetstone.finetuning.config.rules.backend import cpu_instead
from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.runtime.environment import local_processes


@dataclass(frozen=True)
class Device:
    """A resolved backend."""

    kind: str
    """`cpu`, `cuda` or `mps`."""
    dtype: torch.dtype | Literal["auto"]
    """The number format of weights and of the forward pass; `auto`: as the weights are stored."""
    reason: str
    """Why this one, for the log and the manifest."""

    def __str__(self) -> str:
        """Return all three, for the manifest."""
        return f"{self.kind}, {self.dtype}, {self.reason}"


AS_STORED = Device("cpu", "auto", "weights are only read and written")


def choose_device(backend: DeviceConfig, setting: str | None = None) -> Device:
    """Resolve `auto`; refuse a device that this machine does not have.

    `setting` is what the user typed, for messages; None: `backend=...`.
    """
    setting = setting or f"backend={backend.name}"
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not has.get(backend.device, True):
        name = "CUDA device" if backend.device == "cuda" else "GPU of an Apple computer"
        remedy = f"PyTorch sees no {name} here; {cpu_instead(setting)}"
        raise ConfigError([Problem(setting, remedy)])
    kind: str = backend.device
    if kind == "auto":
        kind = next((found for found in has if has[found]), "cpu")
    gpus = torch.cuda.device_count() if kind == "cuda" else 1
    if kind != "cpu" and local_processes() > gpus:
        problem = Problem(
            f"LOCAL_WORLD_SIZE={local_processes()}",
            f"there are {gpus} GPUs here; start as many processes, or add backend=cpu",
        )
        raise ConfigError([problem])
    dtype, limit = _number_format(backend.dtype, kind)
    return Device(kind, dtype, _found(kind, asked=backend.device == "cpu") + limit)


def _number_format(wanted: str, kind: str) -> tuple[torch.dtype, str]:
    """Return the format, and what keeps a GPU from bfloat16."""
    if wanted != "auto":
        dtype: torch.dtype = getattr(torch, wanted)
        return dtype, ""
    # Cards before Ampere emulate it, slowly.
    if kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16, ""
    if kind == "mps":
        if torch.backends.mps.is_macos_or_newer(14, 0):
            return torch.bfloat16, ""
        return torch.float32, "; float32, because bfloat16 needs macOS 14"
    return torch.float32, ""


def _found(kind: str, *, asked: bool) -> str:
    if kind == "cuda":
        return f"{torch.cuda.get_device_name()} found"
    if kind == "mps":
        return "the GPU of an Apple computer found"
    return "asked for" if asked else f"no GPU; {torch.get_num_threads()} threads"


def check_optimizer(optimizer: str, device: Device) -> None:
    """Refuse the optimizers of bitsandbytes that page or round their state, without a GPU.

    Raises:
        ConfigError: with the name of one that works.

    """
    if device.kind != "cuda" and (optimizer.startswith("paged_") or "8bit" in optimizer):
        remedy = f"this optimizer needs a CUDA device, not {device.kind}; use adamw_torch"
        raise ConfigError([Problem(f"algo.args.optim={optimizer}", remedy)])
