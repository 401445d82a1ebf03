"""The hardware that a run uses, chosen once and said aloud."""

from dataclasses import dataclass
from typing import Literal

import torch

from finetuning.config.schema import BackendConfig
from finetuning.errors import ConfigError, Problem
from finetuning.world import local_processes


@dataclass(frozen=True)
class Device:
    """A resolved backend."""

    kind: str
    """`cpu` or `cuda`."""
    dtype: torch.dtype | Literal["auto"]
    """The number format of weights and of the forward pass; `auto`: as the weights are stored."""
    reason: str
    """Why this one, for the log and the manifest."""

    def __str__(self) -> str:
        """Return all three, for the manifest."""
        return f"{self.kind}, {self.dtype}, {self.reason}"


AS_STORED = Device("cpu", "auto", "weights are only read and written")


def choose_device(backend: BackendConfig) -> Device:
    """Resolve `auto`; refuse a device that this machine does not have."""
    has_cuda = torch.cuda.is_available()
    if backend.device == "cuda" and not has_cuda:
        raise ConfigError(
            [
                Problem(
                    f"backend={backend.name}",
                    "PyTorch sees no CUDA device here; use backend=cpu or backend=auto",
                )
            ]
        )
    kind = "cuda" if has_cuda and backend.device != "cpu" else "cpu"
    if kind == "cuda" and local_processes() > torch.cuda.device_count():
        problem = Problem(
            f"LOCAL_WORLD_SIZE={local_processes()}",
            f"there are {torch.cuda.device_count()} GPUs here; start as many processes, or add "
            "backend=cpu",
        )
        raise ConfigError([problem])
    if backend.dtype != "auto":
        dtype: torch.dtype = getattr(torch, backend.dtype)
    elif kind == "cuda" and torch.cuda.is_bf16_supported():
        dtype = torch.bfloat16
    else:
        dtype = torch.float32
    if kind == "cuda":
        reason = f"{torch.cuda.get_device_name()} found"
    elif backend.device == "cpu":
        reason = "asked for"
    else:
        reason = f"no CUDA device; {torch.get_num_threads()} threads"
    return Device(kind, dtype, reason)


def check_optimizer(optimizer: str, device: Device) -> None:
    """Refuse the optimizers of bitsandbytes that page or round their state, without a GPU.

    Raises:
        ConfigError: with the name of one that works.

    """
    if device.kind == "cpu" and (optimizer.startswith("paged_") or "8bit" in optimizer):
        remedy = "this optimizer needs a CUDA device, and this run is on the CPU; use adamw_torch"
        raise ConfigError([Problem(f"algo.args.optim={optimizer}", remedy)])
