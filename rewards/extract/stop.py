"""Where text that continues code ends: at the earliest stop string, and nowhere else."""

from collections.abc import Iterable


def cut_at_stop(text: str, stop: Iterable[str]) -> str:
    """Cut a text at the earliest of the stop strings, as bigcode-evaluation-harness does."""
    found = [position for string in stop if (position := text.find(string)) >= 0]
    return text[: min(found, default=len(text))]
