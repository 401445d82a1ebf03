"""A prompt to try a model with: one that this very model can answer."""

import json
from pathlib import Path

from whetstone.finetuning.artifacts.metrics import read_text
from whetstone.finetuning.nano.context import VOCABULARY

NANO = "Write a function f(s) to return the number of the digits in s.\n"
"""A problem of the nano world, whose models know its few words and no others."""
CHAT = "Write a Python function that adds two numbers."
CODE = "def add(a, b):\n"


def example_prompt(model: Path) -> str:
    """Return a prompt for the model in this folder."""
    if _knows_nano_only(model):
        return NANO
    return CHAT if has_chat_template(model) else CODE


def has_chat_template(model: Path) -> bool:
    """Tell whether the tokenizer in this folder asks for its prompts in a chat template."""
    if (model / "chat_template.jinja").is_file():
        return True
    settings = model / "tokenizer_config.json"
    return settings.is_file() and bool(
        json.loads(settings.read_text(encoding="utf-8")).get("chat_template")
    )


def _knows_nano_only(model: Path) -> bool:
    """Tell by the vocabulary, which a model keeps whatever is done to it."""
    config = json.loads(read_text(model / "config.json") or "{}")
    size = config.get("vocab_size")
    return isinstance(size, int) and size <= VOCABULARY
