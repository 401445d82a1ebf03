"""Whether a GPU can be here, told by its driver and without torch."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.errors import ConfigError, Problem

_DRIVERS = ("nvidia*", "dxg", "kfd", "nvmap")
"""Devices of NVIDIA's driver, of WSL, of AMD's driver and of Jetson: one of them, or no CUDA."""


def check_gpu(backend: DeviceConfig, devices: Path = Path("/dev")) -> None:
    """Refuse a GPU that cannot be here, without the seconds that torch takes to say so.

    Raises:
        ConfigError: the system has no driver for it. Whether one works, torch alone knows.

    """
    if reason := _why_no_gpu(backend.device, devices):
        remedy = f"{reason}; use backend=cpu or backend=auto"
        raise ConfigError([Problem(f"backend={backend.name}", remedy)])


def _why_no_gpu(device: str, devices: Path) -> str | None:
    if device == "mps" and sys.platform != "darwin":
        return "this is for the GPU of an Apple computer"
    if device != "cuda" or sys.platform == "win32":
        return None
    if sys.platform == "darwin" or not any(_there(devices, _DRIVERS)):
        return "this machine has no driver of a CUDA device"
    if os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}:
        return "CUDA_VISIBLE_DEVICES hides every GPU"
    return None


def _there(folder: Path, patterns: Iterable[str]) -> Iterable[Path]:
    return (path for pattern in patterns for path in folder.glob(pattern))
