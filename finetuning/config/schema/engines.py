"""What draws completions: the names, and the package that one of ours needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

OwnEngine = Literal["hf", "mlx"]
"""Each a module of `whetstone.finetuning.rollout`."""
TrlEngine = Literal["vllm", "vllm_server"]
"""Those that TRL's trainers drive themselves."""
EngineName = Literal[OwnEngine, TrlEngine]


@dataclass(frozen=True)
class EnginePackage:
    """A package that comes with an extra of ours."""

    name: str
    """As PyPI has it."""
    module: str
    """What is imported of it."""
    extra: str


ENGINE_PACKAGES: Mapping[str, EnginePackage] = MappingProxyType(
    {"mlx": EnginePackage("mlx-lm", "mlx_lm", extra="mlx")}
)
"""What engines of ours need besides transformers."""
