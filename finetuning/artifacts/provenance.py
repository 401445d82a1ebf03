"""What a folder of ours says about where its weights come from: `whetstone.json`.

peft's own configuration has no word for how a base was held, and a merged model none for its base.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from whetstone.evaluation.files import write_atomically

ORIGIN = "whetstone.json"


@dataclass(frozen=True)
class Origin:
    """Where weights come from."""

    quantization: str | None
    """How the base was held while the adapter was trained; None also if nothing says so."""
    base: str | None = None
    """The base's Hub id, in a merged folder; None where it has none."""


def write_origin(folder: Path, origin: Origin) -> None:
    """Write it into a folder of weights."""
    values = {"base_quantization": origin.quantization}
    named = {"base": origin.base} if origin.base else {}
    write_atomically(folder / ORIGIN, json.dumps({**values, **named}) + "\n")


def read_origin(folder: Path) -> Origin:
    """Return what a folder says; nothing is known of one from elsewhere."""
    path = folder / ORIGIN
    if not path.is_file():
        return Origin(None)
    values = json.loads(path.read_text(encoding="utf-8"))
    return Origin(values["base_quantization"], values.get("base"))
