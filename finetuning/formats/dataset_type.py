"""The dataset type that an algorithm trains on. Light, for the gate: the algorithms need torch."""

from enum import StrEnum


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
