"""What a run takes of the machine. Must be decided before torch is imported."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from finetuning.config.schema import DeviceConfig
from finetuning.errors import ConfigError, Problem
from finetuning.world import processes

_SPINS = "10000"
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


def share_the_cores() -> None:
    """Let CPU threads wait for each other less eagerly, unless the user has set a policy.

    OpenMP's threads spin at every barrier. With fewer cores than threads (a second run, a browser,
    a CI job beside us) they burn each other's time: two runs at once on two cores sampled 40 times
    slower than one alone. A shorter spin costs a quiet machine some percent and keeps a busy one
    near its fair share. The figures are in benchmarks/README.md.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)


def take_one_gpu() -> None:
    """Show torch the first visible GPU only, where there is one process.

    With several, transformers wraps the model in DataParallel, which TRL refuses. Several processes
    have a GPU each. What Apple's GPUs cannot compute yet, torch computes on the CPU instead of
    ending the run.
    """
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    if processes() > 1:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = visible.split(",")[0]
