"""The licence of a base, as its own card states it: a wrong one would be worse than none."""

from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import try_to_load_from_cache

_CARD = "README.md"
_FIELDS = ("license", "license_name", "license_link")


def licence_of(base: str | None, folder: str | None, revision: str | None) -> dict[str, str]:
    """Return the licence as the head of a card states it; empty where no card is on this disk.

    Args:
        base: the base's Hub id, where it has one; its card came with its weights.
        folder: where the base lay; a folder of this machine may have its card.
        revision: of the base on the Hub.

    """
    card = Path(folder).expanduser() / _CARD if folder else None
    if base is not None and (card is None or not card.is_file()):
        cached = try_to_load_from_cache(base, _CARD, revision=revision)
        card = Path(cached) if isinstance(cached, str) else None
    own = _head(card) if card is not None else {}
    found = {name: str(own[name]) for name in _FIELDS if own.get(name)}
    link = found.get("license_link", "")
    if base and link and "://" not in link:  # a file of the base's repository, not of ours
        found["license_link"] = f"https://huggingface.co/{base}/blob/main/{link}"
    return found


def _head(card: Path) -> dict[str, Any]:
    """Return the YAML between the first two `---` of a card."""
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    parts = text.split("---\n", 2)
    values = yaml.safe_load(parts[1]) if text.startswith("---\n") and len(parts) > 2 else {}  # noqa: PLR2004
    return values if isinstance(values, dict) else {}
