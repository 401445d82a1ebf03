"""What a model is asked: text that it continues, or the messages of a chat."""

from collections.abc import Mapping
from typing import Any

Prompt = str | tuple[Mapping[str, Any], ...]
"""Text, or messages with `role` and `content`."""


def prompt_text(prompt: Prompt) -> str:
    """Return a prompt as people read it: of messages what each says."""
    if isinstance(prompt, str):
        return prompt
    return "\n\n".join(str(message["content"]) for message in prompt)


def messages_of(prompt: Prompt) -> list[Mapping[str, Any]]:
    """Return a prompt as the messages of a chat; text is what the user says."""
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
