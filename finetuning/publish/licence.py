"""The licence of a base: what its own card says, or what is known of the bases of conf/model."""

from pathlib import Path
from typing import Any

import yaml

_DEEPSEEK = {"license": "other", "license_name": "deepseek-license"}
_KNOWN: dict[str, dict[str, str]] = {
    "Qwen/Qwen2.5-Coder-0.5B": {"license": "apache-2.0"},
    "Qwen/Qwen2.5-Coder-1.5B": {"license": "apache-2.0"},
    "Qwen/Qwen2.5-Coder-3B": {"license": "other", "license_name": "qwen-research"},
    "Qwen/Qwen2.5-Coder-7B": {"license": "apache-2.0"},
    "codellama/CodeLlama-7b-Python-hf": {"license": "llama2"},
    "codellama/CodeLlama-13b-Python-hf": {"license": "llama2"},
    "deepseek-ai/deepseek-coder-1.3b-base": _DEEPSEEK,
    "deepseek-ai/deepseek-coder-6.7b-base": _DEEPSEEK,
    "bigcode/starcoder2-3b": {"license": "bigcode-openrail-m"},
    "bigcode/starcoder2-7b": {"license": "bigcode-openrail-m"},
    "Salesforce/codet5p-770m": {"license": "bsd-3-clause"},
}
_FIELDS = ("license", "license_name", "license_link")


def licence_of(base: str | None, folder: str | None) -> dict[str, str]:
    """Return the licence as the head of a card states it; empty where it is not known.

    Args:
        base: the base's Hub id, where it has one.
        folder: where the base lay; a folder of this machine may have its card.

    """
    own = _head(Path(folder).expanduser() / "README.md") if folder else {}
    found = {name: str(own[name]) for name in _FIELDS if own.get(name)}
    known = dict(_KNOWN.get(base or "", {}))
    if known.get("license") == "other":  # the Hub then wants to know where the text is
        known["license_link"] = f"https://huggingface.co/{base}/blob/main/LICENSE"
    return found or known


def _head(card: Path) -> dict[str, Any]:
    """Return the YAML between the first two `---` of a card."""
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    parts = text.split("---\n", 2)
    values = yaml.safe_load(parts[1]) if text.startswith("---\n") and len(parts) > 2 else {}  # noqa: PLR2004
    return values if isinstance(values, dict) else {}
