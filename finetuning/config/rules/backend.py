"""What computes and what samples: the GPU's driver, and the engine's package in a fit version."""

import os
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

from whetstone.finetuning.config.schema import Config, OnlineConfig, PpoConfig, RlooConfig
from whetstone.finetuning.config.schema.engines import ENGINE_PACKAGES, TrlEngine
from whetstone.finetuning.errors import Problem
from whetstone.rewards.extras import not_installed

DEVICES = Path("/dev")
_DRIVERS = ("nvidia*", "dxg", "kfd", "nvmap")
"""Devices of NVIDIA's driver, of WSL, of AMD's driver and of Jetson: one of them, or no CUDA."""
_VLLM = frozenset(get_args(TrlEngine))
_CORRECTION = "vllm_importance_sampling_"
"""Arguments that TRL named after vLLM, and that serve every sampler beside the trainer."""
_OF_SERVER = ("vllm_server_", "vllm_group_port")
_OF_COLOCATED = (
    "vllm_gpu_memory_utilization",
    "vllm_max_model_length",
    "vllm_tensor_parallel_size",
    "vllm_enable_sleep_mode",
    "vllm_model_impl",
)


def device_is_here(setting: str, device: str) -> Iterator[Problem]:
    """Refuse a GPU that cannot be here, without the seconds that torch takes to say so.

    What is looked for is a driver; whether one works, torch alone knows.
    """
    if reason := _why_no_gpu(device):
        yield Problem(setting, f"{reason}; {cpu_instead(setting)}")


def cpu_instead(setting: str) -> str:
    """Return what to give in place of a GPU that is not here."""
    key = setting.partition("=")[0]
    return f"use {key}=cpu or {key}=auto"


def _why_no_gpu(device: str) -> str | None:
    if device == "mps" and sys.platform != "darwin":
        return "this is for the GPU of an Apple computer"
    if device != "cuda" or sys.platform == "win32":
        return None
    if sys.platform == "darwin" or not any(_there(DEVICES, _DRIVERS)):
        return "this machine has no driver of a CUDA device"
    if os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}:
        return "CUDA_VISIBLE_DEVICES hides every GPU"
    return None


def _there(folder: Path, patterns: Iterable[str]) -> Iterable[Path]:
    return (path for pattern in patterns for path in folder.glob(pattern))


def sampler_is_installed(setting: str, wanted: str) -> Iterator[Problem]:
    """Check for the package of an engine of ours."""
    if reason := why_no_engine(wanted):
        yield Problem(f"{setting}={wanted}", f"{reason}, or use hf")


def engines_are_installed(config: Config) -> Iterator[Problem]:
    """Check for the packages of `backend.rollout` before any weights load."""
    wanted = config.backend.rollout
    if config.hooks.export.mlx and (reason := why_no_mlx()):
        yield Problem("hooks.export.mlx=true", reason)
    yield from sampler_is_installed("backend.rollout", wanted)
    if wanted in _VLLM and isinstance(config.algo, OnlineConfig) and (reason := why_no_vllm()):
        yield Problem(f"backend.rollout={wanted}", reason)


def vllm_can_follow(config: Config) -> Iterator[Problem]:
    """Refuse what TRL would send to vLLM wrongly, or not at all."""
    if config.backend.rollout not in _VLLM or not isinstance(config.algo, OnlineConfig):
        return
    setting = f"backend.rollout={config.backend.rollout}"
    if isinstance(config.algo, RlooConfig):
        yield Problem(
            setting,
            "TRL's RLOO gets no log-probabilities from vLLM, so nothing could compare them with "
            "the trainer's; use algo=grpo, or backend.rollout=hf",
        )
    if isinstance(config.algo, PpoConfig):
        yield Problem(
            setting,
            "TRL sends vLLM every weight, and it does not know those of PPO's critic; use "
            "algo=grpo, or backend.rollout=hf",
        )
    if config.model.quantization is not None:
        yield Problem(
            setting,
            f"TRL folds the adapter into the weights before it sends them and takes it out again, "
            f"which rounds a base in {config.model.quantization} anew each time; use "
            "model.quantization=null, or backend.rollout=hf",
        )


def vllm_arguments_are_read(config: Config) -> Iterator[Problem]:
    """Refuse TRL's arguments of vLLM where no vLLM, or another kind of it, would read them."""
    if not isinstance(config.algo, OnlineConfig):
        return  # TRL knows no such argument there
    wanted = config.backend.rollout
    unread = {"vllm": _OF_SERVER, "vllm_server": _OF_COLOCATED}.get(wanted, ("vllm_",))
    for key, value in config.algo.args.items():
        if key.startswith(unread) and not key.startswith(_CORRECTION):
            other = "vllm_server" if key.startswith(_OF_SERVER) else "vllm"
            remedy = f"nothing reads this with backend.rollout={wanted}; it is for {other}"
            yield Problem(f"algo.args.{key}={value}", remedy)


def why_no_mlx() -> str | None:
    """Return that mlx-lm is missing and how to get it; None where it is installed."""
    return why_no_engine("mlx")


def why_no_engine(name: str) -> str | None:
    """Return what an engine of ours lacks and how to get it; None where it lacks nothing."""
    needed = ENGINE_PACKAGES.get(name)
    if needed is None or find_spec(needed.module) is not None:
        return None
    return not_installed(needed.name, needed.extra)


def why_no_vllm() -> str | None:
    """Return what is wrong with the vLLM of this environment; None where TRL can use it."""
    # Most commands do without.
    from importlib.metadata import PackageNotFoundError, requires, version  # noqa: PLC0415

    from packaging.requirements import Requirement  # noqa: PLC0415

    allowed = next(
        wish.specifier
        for wish in map(Requirement, requires("trl") or [])
        if wish.name == "vllm" and wish.marker and wish.marker.evaluate({"extra": "vllm"})
    )
    try:
        found = version("vllm")
    except PackageNotFoundError:
        return f"{not_installed('vLLM', 'vllm')} (vllm{allowed}), or use hf"
    if allowed.contains(found, prereleases=True):
        return None
    return f"TRL works with vllm{allowed}, and {found} is installed"
