"""The dataset type that an algorithm trains on. Light, for the gate: the algorithms need torch."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol


class Need(StrEnum):
    """What an algorithm trains on."""

    PROMPTS = "prompts"
    """Prompts with tests; the policy writes the completions itself."""
    COMPLETIONS = "completions"
    """Prompts with the completions to imitate, or conversations."""
    TEXT = "text"
    """Documents, every token of which is learned."""
    PREFERENCES = "preferences"
    """Prompts with a better and a worse completion."""
    REFERENCES = "references with samples"
    """Prompts with what a person wrote and what a model did: a base data set."""
    LABELS = "labels"
    """Prompts with a completion that is called good or bad."""


_OFFLINE: Mapping[str, Need] = MappingProxyType(
    {
        "pretrain": Need.TEXT,
        "sft": Need.COMPLETIONS,
        "dpo": Need.PREFERENCES,
        "kto": Need.LABELS,
        "reward": Need.PREFERENCES,
    }
)


class AlgorithmSection(Protocol):
    """An algorithm's section of the configuration."""

    @property
    def name(self) -> str:
        """Which algorithm."""


def need_of(algo: AlgorithmSection) -> Need:
    """Return what an algorithm needs: those that are not offline sample for themselves.

    A discriminator learns from other rows than a reward model.
    """
    if getattr(algo, "loss", None) == "bce":
        return Need.REFERENCES
    return _OFFLINE.get(algo.name, Need.PROMPTS)
