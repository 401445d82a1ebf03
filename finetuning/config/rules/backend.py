"""What the engine that samples needs: its package, in a version that TRL works with."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement

from finetuning.config.schema import Config, OnlineConfig, RlooConfig
from finetuning.errors import Problem


def engines_are_installed(config: Config) -> Iterator[Problem]:
    """Check for the packages of `backend.rollout` before any weights load."""
    wanted = config.backend.rollout
    setting = f"backend.rollout={wanted}"
    if config.hooks.export.mlx and find_spec("mlx_lm") is None:
        yield Problem(
            "hooks.export.mlx=true", "mlx-lm is not installed; pip install 'whetstone[mlx]'"
        )
    if wanted == "mlx" and find_spec("mlx_lm") is None:
        yield Problem(setting, "mlx-lm is not installed; pip install 'whetstone[mlx]', or use hf")
    if wanted not in {"vllm", "vllm_server"} or not isinstance(config.algo, OnlineConfig):
        return
    if reason := why_no_vllm():
        yield Problem(setting, reason)
    if isinstance(config.algo, RlooConfig):
        yield Problem(
            setting,
            "TRL's RLOO gets no log-probabilities from vLLM, so nothing could compare them with "
            "the trainer's; use algo=grpo, or backend.rollout=hf",
        )


def why_no_vllm() -> str | None:
    """Return what is wrong with the vLLM of this environment; None where TRL can use it."""
    allowed = next(
        wish.specifier
        for wish in map(Requirement, requires("trl") or [])
        if wish.name == "vllm" and wish.marker and wish.marker.evaluate({"extra": "vllm"})
    )
    try:
        found = version("vllm")
    except PackageNotFoundError:
        return f"vLLM is not installed; pip install 'whetstone[vllm]' (vllm{allowed}), or use hf"
    if allowed.contains(found, prereleases=True):
        return None
    return f"TRL works with vllm{allowed}, and {found} is installed"
