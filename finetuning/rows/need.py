"""What an algorithm trains on. The gate asks here, because the table of algorithms needs torch."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


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


def need_of(algo: str) -> Need:
    """Return what an algorithm needs: those that are not offline sample for themselves."""
    return _OFFLINE.get(algo, Need.PROMPTS)
