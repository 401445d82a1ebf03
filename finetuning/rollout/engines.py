"""Which engine draws completions: chosen once, and said aloud."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, get_args

from whetstone.finetuning.config.rules.backend import why_no_mlx
from whetstone.finetuning.config.schema.engines import EngineName, TrlEngine
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.rollout.base import BuildEngine, Engine


@dataclass(frozen=True)
class EngineChoice:
    """A resolved `backend.rollout`."""

    name: EngineName
    reason: str

    @property
    def through_trl(self) -> bool:
        """Whether TRL's trainer samples itself, and not an engine of ours."""
        return self.name in get_args(TrlEngine)


def choose_rollout(wanted: Literal["auto"] | EngineName, device: Device) -> EngineChoice:
    """Resolve `auto`; refuse an engine that this device does not serve."""
    if wanted == "auto":
        if device.kind != "mps":
            return EngineChoice("hf", "transformers samples where it trains")
        if reason := why_no_mlx():
            return EngineChoice("hf", reason)
        return EngineChoice("mlx", "mlx-lm is made for this GPU")
    if wanted == "vllm" and device.kind != "cuda":
        remedy = (
            f"vLLM beside the trainer needs a CUDA device, and this run is on {device.kind}; use "
            "backend.rollout=hf, or vllm_server with a server on another machine"
        )
        raise ConfigError([Problem("backend.rollout=vllm", remedy)])
    return EngineChoice(wanted, "asked for")


def vllm_arguments(choice: EngineChoice) -> dict[str, Any]:
    """Return what TRL has to be told where it samples with vLLM."""
    if not choice.through_trl:
        return {}
    return {"use_vllm": True, "vllm_mode": "server" if choice.name == "vllm_server" else "colocate"}


def build_engine(choice: EngineChoice, model: Any, tokenizer: Any, device: Device) -> Engine:
    """Return the engine for a model; transformers where vLLM belongs to the trainer alone.

    Only transformers samples from an encoder-decoder.
    """
    name = "hf" if choice.through_trl or model.config.is_encoder_decoder else choice.name
    # Imported only where it is chosen: what an engine needs may be an extra.
    build: BuildEngine = import_module(f"{__package__}.{name}").build
    return build(model, tokenizer, model.dtype if device.dtype == "auto" else device.dtype)
